/**
 * The head: fits of the reference MLP (three layers of 128, dropout, clipped gradient, 100 epochs), principal components,
 * the matrix product under both, rank correlation. Every trial is a fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/head.js [--peers] [--json] [--trials 5] [--threads 2] [--cases mlp-mse-220,pca-879x4096]
 *     [--pythons /usr/bin/python3,other/bin/python]   peers in several versions; default: COLE_PYTHON or python3
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
  pythons: { type: 'string', default: process.env.COLE_PYTHON ?? 'python3' },
  child: { type: 'string' },
});
const trials = Number(flags.trials);
const threads = Number(flags.threads);
const sizes = [14, 55, 220, 879, 3516];
const pythons = flags.pythons.split(',');

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
  // Three layers forward and their gradients, two of them backward; what is on top of the products counts as time alone.
  const gigaFlop = 100e-9 * rows * 128 * (4 * (Math.min(cols, 128) + 256) + 512) * (choice.members ?? 1);
  return { run: () => void surrogate.fit(x, y, 1), repeats: rows > 500 ? 2 : 5, gigaFlop };
}

/**
 * steep: the columns fall off so fast that the last component has a ten-thousandth of the variance of the first. dominant:
 * all columns follow one direction and have little of their own, which takes products summed in double.
 */
function pcaCase(rows: number, cols: number, kind: string): Case {
  const x = normal(rows, cols, 'x');
  if (kind === 'steep-') for (let i = 0; i < x.data.length; i++) x.data[i]! *= 10 ** (-Math.min(i % cols, 512) / 64);
  if (kind === 'dominant-') {
    const [u, w] = [normal(1, rows, 'u').data, normal(1, cols, 'w').data];
    for (let i = 0; i < x.data.length; i++) x.data[i]! += 1000 * u[Math.floor(i / cols)]! * w[i % cols]!;
  }
  const k = Math.min(128, rows - 1, cols);
  return { run: () => void native().fitPca(x.data, rows, cols, k, 1), repeats: rows > 5000 ? 1 : 3 };
}

function gemmCase(m: number, n: number, k: number): Case {
  const [a, b] = [normal(m, k, 'a').data, normal(k, n, 'b').data];
  return { run: () => void native().gemm(a, b, m, n, k, false, false, 1), repeats: 200, gigaFlop: 2e-9 * m * n * k };
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
    ).flatMap(([rows, cols]) =>
      ['', 'steep-', 'dominant-'].map((kind) => [`pca-${kind}${rows}x${cols}`, () => pcaCase(rows, cols, kind)]),
    ),
  ),
  // Large, and the three products of a training step with 32 rows: forward (and backward), gradient.
  ...Object.fromEntries(
    (
      [
        [512, 512, 512],
        [128, 32, 128],
        [128, 128, 32],
      ] as const
    ).map(([m, n, k]) => [`gemm-${m}x${n}x${k}`, () => gemmCase(m, n, k)]),
  ),
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

/** Runs a trial in a fresh process, of ours or of a peer's Python; undefined where that does not know the case or lacks a library. */
function trial(name: string, python?: string): Trial | undefined {
  const [command, args] =
    python === undefined
      ? [process.execPath, [fileURLToPath(import.meta.url), '--child', name, '--threads', String(threads)]]
      : [python, [packageFile('bench', 'peers', 'head_torch.py'), name]];
  const child = spawnSync(command, args, { encoding: 'utf8' });
  if (child.status === 0) return JSON.parse(child.stdout) as Trial;
  // 3: the script says on purpose that it has no such case, or lacks the library for it.
  if (python !== undefined && (child.status === 3 || child.error)) return undefined;
  throw new Error(`${python ?? 'cole'} failed at ${name}: ${child.error?.message ?? child.stderr}`);
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
    const runs: Trial[][] = [undefined, ...(flags.peers ? pythons : [])].map(() => []);
    for (let i = 0; i < trials; i++)
      for (const [who, python] of [undefined, ...(flags.peers ? pythons : [])].entries()) {
        const result = trial(name, python);
        if (result) runs[who]!.push(result);
      }
    const [cole, ...peers] = runs.filter((results) => results.length > 0).map(figures);
    report(name, cole!, peers, machine);
  }
}

interface Figures {
  readonly medianMs: number;
  readonly madMs: number;
  readonly trials: number;
  readonly note?: string | undefined;
}

function figures(results: readonly Trial[]): Figures {
  const middle = median(results.map(({ seconds }) => seconds));
  const spread = median(results.map(({ seconds }) => Math.abs(seconds - middle)));
  const { note } = results.at(-1)!;
  return { medianMs: 1000 * middle, madMs: 1000 * spread, trials: results.length, ...(note ? { note } : {}) };
}

/** ratio: to the fastest peer. */
function report(name: string, cole: Figures, peers: readonly Figures[], machine: object): void {
  const ratio = peers.length > 0 ? Math.min(...peers.map(({ medianMs }) => medianMs)) / cole.medianMs : undefined;
  if (flags.json) {
    const line = { stage: 'head', case: name, threads: name.startsWith('ensemble') ? threads : 1, cole, peers, ratio };
    process.stdout.write(`${JSON.stringify({ ...line, machine })}\n`);
    return;
  }
  const text = ({ medianMs, madMs, note }: Figures) =>
    `${medianMs.toFixed(2).padStart(9)} ms +- ${madMs.toFixed(2)}${note ? ` (${note})` : ''}`;
  const beside = peers.map((peer) => `  peer ${text(peer)}`).join('');
  process.stdout.write(`${name.padEnd(18)}${text(cole)}${beside}${ratio ? `  ${ratio.toFixed(1)} times` : ''}\n`);
}
