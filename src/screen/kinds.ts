/** What an input can be used for: features made of its kind of rows, by heads that were fitted on the same. */
import { ColeError } from '../base/index.js';
import { renderer } from '../code/index.js';
import { setsOf } from '../features/index.js';
import { createEmbedder, tokenizerOf } from '../lm/index.js';
import type { ScreenInput, ScreenPlan } from './options.js';
import type { RowKind } from './sources.js';

/** Of architectures all features can be made. */
const featuresOf: Readonly<Record<Exclude<RowKind, 'archs'>, readonly string[]>> = {
  texts: ['code', 'static', 'ngrams'],
  ids: ['code', 'static'],
  vectors: ['code'],
};
const words = { texts: 'texts', ids: 'token ids', vectors: 'embeddings' };

export function requireMakeable(spec: string, kind: RowKind): void {
  if (kind === 'archs') return;
  const known = featuresOf[kind];
  const missing = setsOf(spec).find((name) => !known.includes(name));
  if (missing !== undefined)
    throw new ColeError(
      'ERR_OPTION',
      `expected features that can be made of ${words[kind]} (${known.join(', ')}), got ${missing}`,
    );
}

/** Throws ERR_INPUT where the rows say that they were made with something else than what the screen's heads are fitted on. */
export async function requireMadeAlike(plan: ScreenPlan, { madeWith = {} }: ScreenInput): Promise<void> {
  const { model, pooling, precision, maxTokens } = plan.reading;
  const { embedder, tokenizer, text } = madeWith;
  const own = renderer(plan.space, plan.style).identity;
  if (text !== undefined && text !== own)
    throw new ColeError('ERR_INPUT', `expected embeddings of texts of form ${own}, got those of ${text}; see --style`);
  if (tokenizer !== undefined && tokenizer !== (await tokenizerOf(model)).identity)
    throw new ColeError(
      'ERR_INPUT',
      `expected token ids of the tokenizer of ${model}, got those of another one; see --model`,
    );
  if (embedder !== undefined && !(await ownIdentities(plan)).includes(embedder))
    throw new ColeError(
      'ERR_INPUT',
      `expected embeddings of ${model} with pooling ${pooling} in ${precision}, longer texts cut at ${maxTokens} tokens if at all, got others; see --model, --pool, --precision and --max-tokens`,
    );
}

/** Of embedders whose vectors are those of the screen: texts that fit have the same ones where longer texts are refused. */
async function ownIdentities({ reading }: ScreenPlan): Promise<string[]> {
  const found: string[] = [];
  for (const onLong of ['truncate', 'error'] as const) {
    const embedder = await createEmbedder({ ...reading, onLong, cache: null });
    found.push(embedder.identity);
    await embedder.close();
  }
  return found;
}
