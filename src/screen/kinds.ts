/** What an input can be used for: features made of its kind of rows, by heads that were fitted on the same. */
import { ColeError } from '../base/index.js';
import { renderer } from '../code/index.js';
import { needsEmbedder, type Reading, setsOf } from '../features/index.js';
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

/** Of the embedder that the screen reads with, which names the content of the model; undefined where it reads with none. */
export async function modelIdentity({ features, first, reading }: ScreenPlan): Promise<string | undefined> {
  const reads = (spec: string) => needsEmbedder(spec) || setsOf(spec).includes('static');
  return reads(features) || (first !== null && reads(first)) ? identityOf(reading) : undefined;
}

/** Of embedders whose vectors are those of the screen: texts that fit have the same ones where longer texts are refused. */
async function ownIdentities({ reading }: ScreenPlan): Promise<string[]> {
  return [await identityOf(reading), await identityOf({ ...reading, onLong: 'error' })];
}

async function identityOf(reading: Reading): Promise<string> {
  const embedder = await createEmbedder({ ...reading, cache: null });
  await embedder.close();
  return embedder.identity;
}
