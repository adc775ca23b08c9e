/** What `cole embed` does with an embedder: texts in parts, and the vectors as a file, as lines and in figures. */
import { readFileSync } from 'node:fs';
import { formatBytes, type Matrix, matrix, type OnProgress, packageFile, row } from '../base/index.js';
import type { MultiEmbedder, Tokenizer } from '../index.js';
import { aboutName } from './head.js';
import { formatTable, log, print, printJson } from './output.js';
import { formatSeconds, showProgress } from './progress.js';
import { interruptSignal } from './signals.js';
import type { KeyedText } from './texts.js';

/** Texts that are planned together: a language model that shares prefixes finds the more of them, the more texts there are. */
const together = 16_384;
/** Tokens of a run that is announced: it takes minutes, or hours with a large model. */
const longRun = 1_000_000;

/**
 * A matrix for each column of the embedder, a row for each text. Without a cache nothing is kept that the same command could go
 * on from, and Ctrl-C ends the process as usual.
 */
export async function embedAll(
  embedder: MultiEmbedder,
  texts: readonly KeyedText[],
  counts: readonly number[],
  isCached: boolean,
): Promise<Matrix[]> {
  const signal = isCached ? interruptSignal() : undefined;
  const columns = embedder.columns.map(({ dimension }) => matrix(texts.length, dimension));
  let later = counts.reduce((sum, count) => sum + count, 0);
  // Tokens that the model has read: what the cache knew must not count as speed.
  let read = 0;
  for (let from = 0; from < texts.length; from += together) {
    signal?.throwIfAborted();
    const part = texts.slice(from, from + together);
    later -= counts.slice(from, from + together).reduce((sum, count) => sum + count, 0);
    let inPart = 0;
    // Ctrl-C is looked at after each run of the model; what is finished stays in the embedding cache.
    const onProgress: OnProgress = (event) => {
      inPart = event.total!;
      showProgress({ ...event, done: read + event.done, total: read + inPart + later });
      signal?.throwIfAborted();
    };
    const given = part.map(({ text }) => text);
    const vectors = await embedder.embed(given, onProgress, namesOf(part));
    vectors.forEach(({ data }, at) => {
      columns[at]!.data.set(data, from * columns[at]!.cols);
    });
    read += inPart;
    showProgress({ stage: 'embed', done: read, total: read + later, unit: 'tokens' });
  }
  return columns;
}

/** Says what it would take, and does nothing. */
export async function printPlan(embedder: MultiEmbedder, texts: readonly KeyedText[], json: boolean): Promise<void> {
  const given = texts.map(({ text }) => text);
  const plan = await embedder.plan(given, together, namesOf(texts));
  if (json) return printJson(plan);
  const { distinct, cached, tokens, computed, rates, seconds, peakBytes } = plan;
  const rows: [string, string][] = [
    ['texts', `${texts.length}`],
    ['distinct', `${distinct}`],
    ['in the cache', `${cached}`],
    ['tokens to read', `${tokens}`],
    ['tokens to compute, beginnings shared', `${computed}`],
    ...rates.map(({ threads, tokensPerSecond }): [string, string] => [
      `tokens/s with ${threads} thread${threads > 1 ? 's' : ''}`,
      tokensPerSecond.toFixed(0),
    ]),
    ['time', formatSeconds(seconds)],
    ['peak memory', formatBytes(peakBytes)],
  ];
  await print(formatTable(['what', 'plan'], rows));
  const best = rates.toSorted((a, b) => b.tokensPerSecond - a.tokensPerSecond)[0];
  if (best && best.threads !== rates[0]!.threads) log.info(`faster here: --threads ${best.threads}`);
}

function namesOf(texts: readonly KeyedText[]): (index: number) => string {
  return (index) => {
    const { key, where } = texts[index]!;
    return key === where ? key : `${key} (${where})`;
  };
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

/** Said before the run, which is silent where nobody watches. */
export function announce(counts: readonly number[]): void {
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  if (tokens > longRun) log.info(`${tokens} tokens, less what the cache has; --plan says how long that takes`);
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
