/**
 * Tokens per second, and processor time of a token, of the language model in each precision: distinct random cells of
 * NAS-Bench-201, or a part of all of them, nothing cached. Every trial is a fresh process that has read a few texts before the clock starts; ours and the peers'
 * alternate. Peers read the same token ids; those that make the same pooling must make the same vectors.
 *
 *   node dist/bench/embed.js [--peers] [--json] [--trials 3] [--threads 1,2] [--models a,b] [--precisions float32,int8]
 *     [--styles a,b] [--texts 256 | all | all/8] [--peer-texts 64]
 *
 * `all/8`: of all cells' texts, sorted and cut into runs of 250 neighbours, every 8th run; so they share beginnings as all of
 * them do.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { row, stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { createEmbedder, type Precision } from '#cole/lm/index.js';
import { space as spaceNamed } from '#cole/spaces/index.js';
import { peers, run, type Trial } from './parts/embed-peers.js';
import { parseFlags, refuse } from './parts/flags.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '3' },
  threads: { type: 'string', default: '1,2' },
  models: { type: 'string', default: 'smollm2-135m,all-minilm-l6-v2' },
  precisions: { type: 'string', default: 'float32' },
  styles: { type: 'string', default: 'nested,exclude_helper' },
  texts: { type: 'string', default: '256' },
  /** Of the texts, those that peers read: they share nothing, so their rate is that of all. Default: all. */
  'peer-texts': { type: 'string', default: '100000' },
  child: { type: 'string' },
});

interface Case {
  readonly model: string;
  readonly style: string;
  readonly threads: number;
}

const neighbours = 250;
/** Any form of the text has more distinct ones than this. */
const mostRandom = 4096;
const asked =
  /^(?:(all)(?:\/([1-9]\d*))?|([1-9]\d*))$/.exec(flags.texts) ??
  refuse(`expected a number, all, or all/N for --texts, got ${flags.texts}`);
if (Number(asked[3]) > mostRandom)
  refuse(`expected at most ${mostRandom} random texts, or all, for --texts, got ${flags.texts}`);

function textsOf(style: string): string[] {
  const space = spaceNamed('nas-bench-201');
  const { render } = renderer('nas-bench-201', style);
  const [, all, part = '1', count] = asked;
  if (all) {
    const texts = Array.from(space.enumerate!(), (arch) => render(arch)).sort();
    return texts.filter((_, i) => Math.floor(i / neighbours) % Number(part) === 0);
  }
  const rng = stream('bench', 'embed');
  const texts = new Set<string>();
  while (texts.size < Number(count)) texts.add(render(space.sample(rng)));
  return [...texts];
}

async function measure({ model, style, threads, precision }: Case & { readonly precision: Precision }): Promise<Trial> {
  const texts = textsOf(style);
  const embedder = await createEmbedder({ model, threads, precision, pooling: 'avg_avg', cache: null });
  await embedder.embed(texts.slice(0, 4));
  const before = embedder.stats.tokens;
  const used = process.cpuUsage();
  const start = performance.now();
  const vectors = await embedder.embed(texts);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  const tokens = embedder.stats.tokens - before;
  await embedder.close();
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    tokens,
    first: [...row(vectors, 0)],
    peakMegabytes,
    note: `cole ${precision}`,
  };
}

function measureFresh(each: Case, precision: string): Trial {
  const child = JSON.stringify({ ...each, precision });
  const args = [fileURLToPath(import.meta.url), '--child', child, '--texts', flags.texts];
  return JSON.parse(run(process.execPath, args, '')!) as Trial;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function figures(trials: readonly Trial[], reference: readonly Trial[]) {
  const rates = trials.map(({ tokens, seconds }) => tokens / seconds);
  const tokensPerSecond = median(rates);
  const spread = median(rates.map((rate) => Math.abs(rate - tokensPerSecond)));
  const peakMegabytes = median(trials.map((trial) => trial.peakMegabytes));
  const cpuMicroseconds = median(trials.map(({ tokens, cpuSeconds }) => (1e6 * cpuSeconds) / tokens));
  const { tokens, note, first } = trials[0]!;
  const exact = reference[0]!.first!;
  return {
    note,
    tokensPerSecond,
    spread,
    cpuMicroseconds,
    peakMegabytes,
    tokens,
    trials: trials.length,
    distance: first && distance(first, exact),
  };
}

/** Relative, of the vector of the first text. */
function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(a.map((value, i) => value - b[i]!)) / norm(b);
}

function report(each: Case, trials: ReadonlyMap<string, readonly Trial[]>): void {
  const all = [...trials.values()];
  const exact = all.find(([trial]) => trial!.first && trial!.note.endsWith('float32')) ?? all[0]!;
  const rows = all.map((these) => figures(these, exact));
  for (const { note, distance: from } of rows)
    if (from !== undefined && note.endsWith('float32') && !(from < 1e-3))
      throw new Error(`expected ${note} to make the vectors of ${exact[0]!.note}, got a relative distance of ${from}`);
  if (flags.json) {
    const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node };
    process.stdout.write(`${JSON.stringify({ stage: 'embed', ...each, texts: flags.texts, rows, machine })}\n`);
    return;
  }
  process.stdout.write(`${each.model} ${each.style}, ${each.threads} threads, ${rows[0]!.tokens} tokens\n`);
  for (const { note, tokensPerSecond, spread, cpuMicroseconds, peakMegabytes, distance: from } of rows) {
    const rate = `${tokensPerSecond.toFixed(0)} +- ${spread.toFixed(0)} tokens/s, ${cpuMicroseconds.toFixed(0)} us of processor time a token, peak ${peakMegabytes.toFixed(0)} MB`;
    const ratio = (rows[0]!.tokensPerSecond / tokensPerSecond).toFixed(2);
    const apart = from === undefined ? '' : `, distance ${from.toExponential(1)}`;
    process.stdout.write(`  ${note}: ${rate}${apart}; ${rows[0]!.note} is ${ratio} times as fast\n`);
  }
}

async function main(): Promise<void> {
  const list = (text: string) => text.split(',');
  const cases = list(flags.models).flatMap((model) =>
    list(flags.styles).flatMap((style) =>
      list(flags.threads).map((threads) => ({ model, style, threads: Number(threads) })),
    ),
  );
  for (const each of cases) {
    const trials = new Map<string, Trial[]>();
    const add = (trial: Trial) => {
      trials.set(trial.note, [...(trials.get(trial.note) ?? []), trial]);
      const { note, tokens, seconds } = trial;
      process.stderr.write(`${note}: ${tokens} tokens in ${seconds.toFixed(1)} s\n`);
    };
    for (let i = 0; i < Number(flags.trials); i++) {
      for (const precision of list(flags.precisions)) add(measureFresh(each, precision));
      if (!flags.peers) continue;
      const texts = textsOf(each.style).slice(0, Number(flags['peer-texts']));
      for (const peer of peers) {
        const trial = await peer(each.model, texts, each.threads);
        if (trial) add(trial);
        else process.stderr.write('a peer is not installed and not measured\n');
      }
    }
    report(each, trials);
  }
}

if (flags.child !== undefined) process.stdout.write(JSON.stringify(await measure(JSON.parse(flags.child))));
else await main();
