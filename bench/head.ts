/**
 * The head: fits of the reference MLP (three layers of 128, dropout, clipped gradient, 100 epochs), principal components,
 * the matrix product under both, rank correlation. Every trial is a fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/head.js [--peers] [--json] [--trials 5] [--threads 2] [--cases mlp-mse-220,pca-879x4096]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { kendallTauB, matrix, packageFile, stream } from '#cole/base/index.js';
import { native } from '#cole/native/index.js';
import { createSurrogate, type SurrogateChoice } from '#cole/surrogate/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '5' },
  /** Threads of the ensembles. The other cases run on one. */
  threads: { type: 'string', default: '2' },
  cases: { type: 'string' },
  child: { type: 'string' },
});
const trials = Number(flags.trials);
const threads = Number(flags.threads);
const sizes = [14, 55, 220, 879];

/** What a case runs, and the work in it where a rate says more than a time. */
interface Case {
  readonly run: () => void;
  /** Unmeasured runs first, then measured ones, of which the fastest counts: the rest is the scheduler's. */
  readonly repeats: number;
  readonly gigaFlop?: number;
}

function normal(rows: number, cols: number, key: string) {
  return matrix(rows, cols, Float32Array.from({ length: rows * cols }, stream('bench', key).normal));
}

function fitCase(rows: number, cols: number, choice: SurrogateChoice): Case {
  const x = normal(rows, cols, 'x');
  const y = Float64Array.from({ length: rows }, stream('bench', 'y').normal);
  const surrogate = createSurrogate({ preset: 'reference-study', components: 0, ...choice });
  return { run: () => void surrogate.fit(x, y, 1), repeats: rows > 500 ? 2 : 5 };
}

function pcaCase(rows: number, cols: number): Case {
  const x = normal(rows, cols, 'x');
  const k = Math.min(128, rows - 1, cols);
  return { run: () => void native().fitPca(x.data, rows, cols, k, 1), repeats: rows > 5000 ? 1 : 3 };
}

const cases: Record<string, () => Case> = {
  ...Object.fromEntries(
    (['mse', 'hinge'] as const).flatMap((loss) =>
      sizes.map((n) => [`mlp-${loss}-${n}`, () => fitCase(n, 128, { loss })] as const),
    ),
  ),
  ...Object.fromEntries(sizes.map((n) => [`pca+mlp-mse-${n}`, () => fitCase(n, 576, { components: 128 })])),
  ...Object.fromEntries([55, 220].map((n) => [`ensemble3-mse-${n}`, () => fitCase(n, 128, { members: 3, threads })])),
  ...Object.fromEntries(
    (
      [
        [220, 576],
        [879, 576],
        [879, 4096],
        [14062, 576],
      ] as const
    ).map(([rows, cols]) => [`pca-${rows}x${cols}`, () => pcaCase(rows, cols)]),
  ),
  'gemm-512': () => {
    const [a, b] = [normal(512, 512, 'a').data, normal(512, 512, 'b').data];
    const run = () => void native().gemm(a, b, 512, 512, 512, false, false, 1);
    return { run, repeats: 20, gigaFlop: 2e-9 * 512 ** 3 };
  },
  'kendall-15625': () => {
    const [a, b] = [normal(1, 15625, 'a').data, normal(1, 15625, 'b').data];
    return { run: () => void kendallTauB(a, b), repeats: 20 };
  },
};

interface Trial {
  readonly seconds: number;
  readonly note?: string;
}

if (flags.child !== undefined) process.stdout.write(JSON.stringify(measure(cases[flags.child]!())));
else main();

function measure({ run, repeats, gigaFlop }: Case): Trial {
  run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return { seconds: best, ...(gigaFlop === undefined ? {} : { note: `${(gigaFlop / best).toFixed(0)} GFLOP/s` }) };
}

/** Runs a trial in a fresh process; undefined where the peer does not know the case or is not installed. */
function trial(name: string, who: 'cole' | 'peer'): Trial | undefined {
  const [command, args] =
    who === 'cole'
      ? [process.execPath, [fileURLToPath(import.meta.url), '--child', name, '--threads', String(threads)]]
      : [process.env.COLE_PYTHON ?? 'python3', [packageFile('bench', 'peers', 'head_torch.py'), name]];
  const child = spawnSync(command, args, { encoding: 'utf8' });
  if (child.status === 0) return JSON.parse(child.stdout) as Trial;
  // 3: the script says on purpose that it has no such case, or lacks the library for it.
  if (who === 'peer' && (child.status === 3 || child.error)) return undefined;
  throw new Error(`${who} failed at ${name}: ${child.error?.message ?? child.stderr}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function main(): void {
  const wanted = flags.cases?.split(',') ?? Object.keys(cases);
  const unknown = wanted.find((name) => !Object.hasOwn(cases, name));
  if (unknown !== undefined) throw new Error(`expected cases among ${Object.keys(cases).join(', ')}, got ${unknown}`);
  const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', isa: native().info().isa, node: process.versions.node };
  if (!flags.json) process.stdout.write(`${machine.cpu}, ${machine.isa}, ensembles on ${threads} threads\n`);
  for (const name of wanted) {
    const seconds = { cole: [] as number[], peer: [] as number[] };
    let notes: { cole?: string; peer?: string } = {};
    for (let i = 0; i < trials; i++)
      for (const who of flags.peers ? (['cole', 'peer'] as const) : (['cole'] as const)) {
        const result = trial(name, who);
        if (!result) continue;
        seconds[who].push(result.seconds);
        if (result.note !== undefined) notes = { ...notes, [who]: result.note };
      }
    report(name, seconds, notes, machine);
  }
}

function report(
  name: string,
  seconds: Record<'cole' | 'peer', number[]>,
  notes: { cole?: string; peer?: string },
  machine: object,
): void {
  const figures = (values: readonly number[], note?: string) => {
    const middle = median(values);
    const spread = median(values.map((value) => Math.abs(value - middle)));
    return { medianMs: 1000 * middle, madMs: 1000 * spread, trials: values.length, ...(note ? { note } : {}) };
  };
  const cole = figures(seconds.cole, notes.cole);
  const peer = seconds.peer.length > 0 ? figures(seconds.peer, notes.peer) : undefined;
  const ratio = peer && peer.medianMs / cole.medianMs;
  if (flags.json) {
    const line = { stage: 'head', case: name, threads: name.startsWith('ensemble') ? threads : 1, cole, peer, ratio };
    process.stdout.write(`${JSON.stringify({ ...line, machine })}\n`);
    return;
  }
  const text = ({ medianMs, madMs, note }: typeof cole) =>
    `${medianMs.toFixed(1).padStart(9)} ms +- ${madMs.toFixed(1)}${note ? ` (${note})` : ''}`;
  const beside = peer ? `  peer ${text(peer)}  ${ratio!.toFixed(1)} times` : '';
  process.stdout.write(`${name.padEnd(18)}${text(cole)}${beside}\n`);
}
