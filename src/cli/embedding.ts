/** What `cole embed` does with an embedder: texts in parts, and the vectors as a file, as lines and in figures. */
import { readFileSync } from 'node:fs';
import { ColeError, type Matrix, matrix, type OnProgress, packageFile, row } from '../base/index.js';
import type { MultiEmbedder, Tokenizer } from '../index.js';
import { aboutName } from './head.js';
import { log, printJson } from './output.js';
import { showProgress } from './progress.js';
import { interruptSignal } from './signals.js';
import type { KeyedText } from './texts.js';

/** Texts that are planned together: a language model that shares prefixes finds the more of them, the more texts there are. */
const together = 16_384;

/** A matrix for each column of the embedder, a row for each text. */
export async function embedAll(
  embedder: MultiEmbedder,
  texts: readonly KeyedText[],
  counts: readonly number[],
): Promise<Matrix[]> {
  const signal = interruptSignal();
  const columns = embedder.columns.map(({ dimension }) => matrix(texts.length, dimension));
  const sum = (some: readonly number[]) => some.reduce((all, count) => all + count, 0);
  const total = sum(counts);
  let before = 0;
  for (let from = 0; from < texts.length; from += together) {
    signal.throwIfAborted();
    const part = texts.slice(from, from + together);
    const tokens = sum(counts.slice(from, from + together));
    // Ctrl-C is looked at after each run of the model; what is finished stays in the embedding cache.
    const onProgress: OnProgress = ({ stage, done, total: inPart, unit }) => {
      showProgress({ stage, done: before + Math.round((tokens * done) / inPart!), total, unit });
      signal.throwIfAborted();
    };
    const given = part.map(({ text }) => text);
    const nameOf = (index: number) => {
      const { key, where } = part[index]!;
      return key === where ? key : `${key} (${where})`;
    };
    const vectors = await embedder.embed(given, onProgress, nameOf).catch((error) => {
      throw advised(error);
    });
    vectors.forEach(({ data }, at) => {
      columns[at]!.data.set(data, from * columns[at]!.cols);
    });
    before += tokens;
    showProgress({ stage: 'embed', done: before, total, unit: 'tokens' });
  }
  return columns;
}

function advised(error: unknown): unknown {
  if (!(error instanceof ColeError) || error.code !== 'ERR_LENGTH' || !error.message.startsWith('expected at most'))
    return error;
  const message = `${error.message}; --on-long chunk splits and --on-long truncate cuts such texts`;
  return new ColeError('ERR_LENGTH', message, { cause: error });
}

/** Tokens of each text before any cut, special ones included. */
export function tokenCounts(tokenizer: Tokenizer, texts: readonly KeyedText[], threads: number): number[] {
  const { offsets } = tokenizer.encode(
    texts.map(({ text }) => text),
    { threads },
  );
  return texts.map((_, i) => offsets[i + 1]! - offsets[i]!);
}

/**
 * The Arrow file: a column `embedding` where there is one pooling, otherwise one of its name for each. `identity` and the
 * embedder's own tell which vectors may be compared; `settings` and counts are for people.
 */
export async function vectorsFile(
  embedder: MultiEmbedder,
  texts: readonly KeyedText[],
  columns: readonly Matrix[],
  identity: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  const { embeddingColumnsToFile, embeddingsToFile } = await import('../index.js');
  const keys = texts.map(({ key }) => key);
  const { truncated, chunked, windows } = embedder.stats;
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  const about = JSON.stringify({ ...settings, truncated, chunked, windows, version });
  const metadata = { ...identity, [aboutName]: about };
  const own = embedder.columns.map(({ identity: made }) => ({ embedder: made }));
  if (columns.length === 1) return embeddingsToFile({ keys, rows: columns[0]!, metadata: { ...metadata, ...own[0] } });
  const named = embedder.columns.map(({ pooling }, at) => [pooling, { rows: columns[at]!, metadata: own[at]! }]);
  return embeddingColumnsToFile({ keys, columns: Object.fromEntries(named), metadata });
}

/** A JSON line for each text. */
export async function printVectors(
  embedder: MultiEmbedder,
  texts: readonly KeyedText[],
  columns: readonly Matrix[],
  counts: readonly number[],
): Promise<void> {
  for (const [i, { key }] of texts.entries()) {
    const vectors = columns.map((rows) => [...row(rows, i)]);
    const named = embedder.columns.map(({ pooling }, at) => [pooling, vectors[at]]);
    const values = vectors.length === 1 ? { embedding: vectors[0] } : { embeddings: Object.fromEntries(named) };
    await printJson({ key, ...values, tokens: counts[i] });
  }
}

export function reportOn({ stats }: MultiEmbedder, texts: number): void {
  const { embedded, cached, truncated, chunked, windows, tokens, computed, modelSeconds } = stats;
  log.info(
    `${texts} texts: ${embedded} embedded (${tokens} tokens, ${modelSeconds.toFixed(1)} s), ${cached} from the cache`,
  );
  if (computed < tokens)
    log.info(`shared beginnings: ${(tokens / computed).toFixed(2)} times fewer tokens computed than read`);
  if (truncated > 0) log.warn(`${truncated} texts were longer than the limit and were cut`);
  if (chunked > 0) log.warn(`${chunked} texts were longer than the limit and were split into ${windows} windows`);
}
