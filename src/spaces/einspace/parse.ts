/**
 * Exact parser of keys and of both derivation strings: what it accepts is what the printer writes, byte for byte, apart from blanks at
 * the ends. Reads from left to right without recursion, then lets the trace judge grammar and shapes, and at last prints
 * the network again to compare, which catches every other deviation, such as a wrong shape in the long form.
 */
import { ColeError } from '../../base/index.js';
import { firstTerminal, modules, operationCount } from './grammar.js';
import { codeOfKey, type Network } from './network.js';
import type { Settings } from './settings.js';
import { printCompact, printLong, terminalText } from './text.js';
import { follow, isTrace } from './trace.js';

/** Every name of a terminal, aggregations once for each number of branches. */
function terminalNames(variant: Settings['variant']): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (let op = firstTerminal; op < operationCount; op++)
    for (const branches of [2, 4, 8]) names.set(terminalText(op, branches, variant), op);
  return names;
}
const namesOf = { e1: terminalNames('e1'), e2: terminalNames('e2') };

const token = /(sequential|routing|computation)[([<]|branching\((?:2|4|8)\)[{[]|([a-z_0-9]+(?:\([a-z0-9,]*\))?)/y;
const filler = /(?:\{'out_feature_shape': \[[\d, ]*\]\})?[)\]}>]*(?:, )?/y;

export function parseNetwork(settings: Settings, given: string): Network {
  const text = given.trim();
  const key = codeOfKey(text);
  if (key) return networkOf(settings, key, text);
  const bytes: number[] = [];
  const starts: number[] = [];
  const names = namesOf[settings.variant];
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found) throw wrong(text, at, 'the name of a module or an operation');
    const name = found[2] === undefined ? undefined : names.get(found[2]);
    if (found[2] !== undefined && name === undefined) throw wrong(text, at, 'an operation of einspace');
    bytes.push(name ?? modules.indexOf((found[1] ?? 'branching') as (typeof modules)[number]));
    starts.push(at);
    at = token.lastIndex;
    if (name === undefined) continue;
    filler.lastIndex = at;
    filler.exec(text);
    at = filler.lastIndex;
  }
  const network = { settings, code: Uint8Array.from(bytes) };
  const trace = follow(settings, network.code);
  if (!isTrace(trace)) throw wrong(text, starts[trace.at] ?? text.length, trace.expected);
  const again = text.includes("{'") ? printLong(network, trace) : printCompact(network);
  if (again !== text) {
    let same = 0;
    while (text[same] === again[same]) same++;
    throw wrong(text, same, again.slice(same, same + 40) || 'the end');
  }
  return network;
}

/** Of a key, which has one letter for each node. */
function networkOf(settings: Settings, code: Uint8Array, key: string): Network {
  const network = { settings, code };
  const trace = follow(settings, code);
  if (!isTrace(trace)) throw wrong(key, trace.at, trace.expected);
  return network;
}

function wrong(text: string, at: number, expected: string): ColeError {
  const got = text.slice(at, at + 40) || 'the end';
  const before = text.slice(Math.max(0, at - 40), at);
  return new ColeError(
    'ERR_INPUT',
    `expected ${expected} at character ${at + 1} of an einspace derivation, after ${JSON.stringify(before)}, got ${JSON.stringify(got)}`,
  );
}
