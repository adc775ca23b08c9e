/** What a training program answers: one JSON object, `{"metrics": {...}}`, `{"invalid": "why"}` or `{"failed": "why"}`. */
import { parsePythonJson } from './python-json.js';
import type { Outcome } from './types.js';

const kinds = ['metrics', 'invalid', 'failed'] as const;

/**
 * The outcome that the text of an answer means, `metric` being the one that is searched on. An answer that cannot be used is
 * `failed`, with what was expected and what came.
 */
export function parseAnswer(text: string, metric: string): Outcome {
  let answer: unknown;
  try {
    answer = parsePythonJson(text);
  } catch (error) {
    return failed(`JSON as the answer, got ${shown(text)} (${(error as Error).message})`);
  }
  if (!isObject(answer)) return failed(`a JSON object as the answer, got ${shown(text)}`);
  const found = kinds.filter((kind) => answer[kind] !== undefined);
  const kind = found[0];
  if (kind === undefined || found.length > 1)
    return failed(`one of ${kinds.join(', ')} in the answer, got ${shown(JSON.stringify(answer))}`);
  const said = answer[kind];
  if (kind !== 'metrics')
    return typeof said === 'string'
      ? { status: kind, reason: said || `the program gave no reason` }
      : failed(`a text as ${kind} in the answer, got ${shown(JSON.stringify(said))}`);
  if (!isObject(said)) return failed(`names and numbers as metrics in the answer, got ${shown(JSON.stringify(said))}`);
  const bad = Object.entries(said).find(([, value]) => !isNumber(value));
  if (bad) return notFinite(...bad);
  if (said[metric] === undefined)
    return failed(`${metric} among the metrics of the answer, got ${Object.keys(said).join(', ') || 'none'}`);
  if (answer.cost !== undefined && !isNumber(answer.cost))
    return failed(`a number as cost in the answer, got ${shown(JSON.stringify(answer.cost))}`);
  const metrics = said as Record<string, number>;
  return { status: 'ok', metrics, ...(isNumber(answer.cost) && { cost: answer.cost }) };
}

/** A diverged training ends the same way when it is repeated; anything else is a fault of the program. */
function notFinite(name: string, value: unknown): Outcome {
  if (['NaN', 'Infinity', '-Infinity'].includes(String(value)))
    return { status: 'invalid', reason: `${name} is ${value}` };
  return failed(`a number as ${name} in the metrics of the answer, got ${shown(JSON.stringify(value))}`);
}

function failed(expected: string): Outcome {
  return { status: 'failed', reason: `expected ${expected}` };
}

function shown(text: string): string {
  if (text.trim() === '') return 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
