/**
 * Tokens per second of the language model: rendered cells as the default form writes them (about 55 tokens) and as source
 * code (hundreds), every text distinct, nothing cached. Every trial is a fresh process that has read a few texts before the
 * clock starts; ours and the peer's alternate, and their vectors are compared.
 *
 *   node dist/bench/embed.js [--peers] [--json] [--trials 3] [--threads 1,2] [--models a,b]
 *     [--styles a,b] [--tokens 8000]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { packageFile, row, stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { createEmbedder, openModel } from '#cole/lm/index.js';
import { space as spaceNamed } from '#cole/spaces/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '3' },
  threads: { type: 'string', default: '1,2' },
  models: { type: 'string', default: 'smollm2-135m,all-minilm-l6-v2' },
  styles: { type: 'string', default: 'nested,exclude_helper' },
  /** Of each trial, about. */
  tokens: { type: 'string', default: '8000' },
  child: { type: 'string' },
});

interface Case {
  readonly model: string;
  readonly style: string;
  readonly threads: number;
}

interface Trial {
  readonly seconds: number;
  readonly tokens: number;
  /** Vector of the first text. */
  readonly first: readonly number[];
  readonly peakMegabytes: number;
  readonly note?: string;
}

/** Characters of a token, about; which texts there are must not depend on the tokenizer. */
const charactersPerToken = 3;
const pooling = 'avg_avg';

function textsOf(style: string): string[] {
  const space = spaceNamed('nas-bench-201');
  const { render } = renderer('nas-bench-201', style);
  const rng = stream('bench', 'embed');
  const texts = new Set<string>();
  let characters = 0;
  while (characters < charactersPerToken * Number(flags.tokens)) {
    const text = render(space.sample(rng));
    if (!texts.has(text)) characters += text.length;
    texts.add(text);
  }
  return [...texts];
}

async function measure({ model, style, threads }: Case): Promise<Trial> {
  const texts = textsOf(style);
  const embedder = await createEmbedder({ model, threads, pooling, cache: null });
  await embedder.embed(texts.slice(0, 4));
  const before = embedder.stats.tokens;
  const start = performance.now();
  const vectors = await embedder.embed(texts);
  const seconds = (performance.now() - start) / 1000;
  const tokens = embedder.stats.tokens - before;
  await embedder.close();
  return { seconds, tokens, first: [...row(vectors, 0)], peakMegabytes: process.resourceUsage().maxRSS / 1024 };
}

/** The model in PyTorch, on the same weights and token ids; undefined where PyTorch is missing. */
async function measurePeer({ model, style, threads }: Case): Promise<Trial | undefined> {
  const { folder, tokenizer } = await openModel(model);
  const { ids, offsets } = tokenizer.encode(textsOf(style));
  const texts = Array.from({ length: offsets.length - 1 }, (_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
  const script = packageFile('bench', 'peers', 'embed_torch.py');
  const python = process.env.COLE_PYTHON ?? 'python3';
  return trialOf(spawnSync(python, [script], options(JSON.stringify({ folder, texts, threads }))), 'the peer', true);
}

function measureFresh(each: Case): Trial {
  const args = [fileURLToPath(import.meta.url), '--child', JSON.stringify(each), '--tokens', flags.tokens];
  return trialOf(spawnSync(process.execPath, args, options('')), 'cole', false)!;
}

const options = (input: string) => ({ input, encoding: 'utf8', maxBuffer: 1 << 28 }) as const;

/** 3: the script says on purpose that it lacks the library for it. */
function trialOf(child: ReturnType<typeof spawnSync>, who: string, mayLack: boolean): Trial | undefined {
  if (child.status === 0) return JSON.parse(String(child.stdout)) as Trial;
  if (mayLack && (child.status === 3 || child.error)) return undefined;
  throw new Error(`${who} failed: ${child.error?.message ?? child.stderr}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function figures(trials: readonly Trial[]) {
  const rates = trials.map(({ tokens, seconds }) => tokens / seconds);
  const tokensPerSecond = median(rates);
  const spread = median(rates.map((rate) => Math.abs(rate - tokensPerSecond)));
  const peakMegabytes = median(trials.map((trial) => trial.peakMegabytes));
  const { tokens, note } = trials[0]!;
  return { tokensPerSecond, spread, peakMegabytes, tokens, trials: trials.length, ...(note && { note }) };
}

function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(a.map((value, i) => value - b[i]!)) / norm(b);
}

function report(each: Case, ours: readonly Trial[], theirs: readonly Trial[]): void {
  const cole = figures(ours);
  const peer = theirs.length > 0 ? figures(theirs) : undefined;
  const ratio = peer && cole.tokensPerSecond / peer.tokensPerSecond;
  const difference = peer && distance(ours[0]!.first, theirs[0]!.first);
  if (difference !== undefined && !(difference < 1e-3))
    throw new Error(`expected the vectors of cole and of the peer to agree, got a relative distance of ${difference}`);
  if (flags.json) {
    const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node };
    process.stdout.write(`${JSON.stringify({ stage: 'embed', ...each, cole, peer, ratio, difference, machine })}\n`);
    return;
  }
  const text = (f: typeof cole) =>
    `${f.tokensPerSecond.toFixed(0)} +- ${f.spread.toFixed(0)} tokens/s, peak ${f.peakMegabytes.toFixed(0)} MB`;
  const name = `${each.model} ${each.style} (${cole.tokens} tokens), ${each.threads} threads`;
  const beside = peer ? `; ${peer.note} ${text(peer)}: ${ratio!.toFixed(2)} times` : '';
  process.stdout.write(`${name}: ${text(cole)}${beside}\n`);
}

async function main(): Promise<void> {
  const trials = Number(flags.trials);
  const cases = flags.models
    .split(',')
    .flatMap((model) =>
      flags.styles
        .split(',')
        .flatMap((style) => flags.threads.split(',').map((threads) => ({ model, style, threads: Number(threads) }))),
    );
  for (const each of cases) {
    const ours: Trial[] = [];
    const theirs: Trial[] = [];
    for (let i = 0; i < trials; i++) {
      ours.push(measureFresh(each));
      const peer = flags.peers ? await measurePeer(each) : undefined;
      if (peer) theirs.push(peer);
    }
    if (flags.peers && theirs.length === 0) process.stderr.write('PyTorch is not installed: no peer beside ours\n');
    report(each, ours, theirs);
  }
}

if (flags.child !== undefined) process.stdout.write(JSON.stringify(await measure(JSON.parse(flags.child) as Case)));
else await main();
