/**
 * The heads beside the perceptron: time of a fit and of scoring 1,000 rows, and Kendall's tau on those, beside scikit-learn
 * and the Python package of XGBoost on the same data. Every trial is a fresh process on one thread.
 *
 *   node dist/bench/heads.js [--peers] [--json] [--trials 3] [--cases ridge-879,gp-220]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kendallTauB, matrix, packageFile, stream } from '#cole/base/index.js';
import { native } from '#cole/native/index.js';
import { createSurrogate, type SurrogateChoice } from '#cole/surrogate/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '3' },
  cases: { type: 'string' },
  child: { type: 'string' },
});
const cols = 128;
const testRows = 1000;

/** Features as the head gets them. The trees are those of the paper, but for their number. */
const heads: Readonly<Record<string, SurrogateChoice>> = {
  ridge: { head: 'ridge', components: 0 },
  gp: { head: 'gp', components: 0 },
  xgboost: { head: 'xgboost', preset: 'reference-study', components: 0, rounds: 500, learningRate: 0.05 },
};
const sizes = [55, 220, 879];
const names = Object.keys(heads).flatMap((head) => sizes.map((rows) => `${head}-${rows}`));

interface Trial {
  readonly fit: number;
  readonly predict: number;
  readonly tau: number;
}

/** Columns of falling variance, as principal components have, and a target that is linear, curved and noisy. */
function data(rows: number, key: string) {
  const rng = stream('bench heads', key);
  const x = matrix(
    rows,
    cols,
    Float32Array.from({ length: rows * cols }, (_, i) => rng.normal() / Math.sqrt(1 + (i % cols))),
  );
  const at = (i: number, j: number) => x.data[i * cols + j]!;
  const y = Float64Array.from(
    { length: rows },
    (_, i) => 80 + 3 * at(i, 0) - 4 * at(i, 1) + 4 * at(i, 2) * at(i, 3) + 2 * Math.sin(4 * at(i, 4)) + rng.normal(),
  );
  return { x, y };
}

function measure(name: string): Trial {
  const [head, rows] = name.split('-');
  const train = data(Number(rows), 'train');
  const test = data(testRows, 'test');
  const surrogate = createSurrogate(heads[head!]!);
  const small = data(14, 'warm');
  surrogate.fit(small.x, small.y, 1);
  const start = performance.now();
  const fitted = surrogate.fit(train.x, train.y, 1);
  const fit = performance.now() - start;
  const { mean } = fitted.predict(test.x);
  return { fit: fit / 1000, predict: (performance.now() - start - fit) / 1000, tau: kendallTauB(mean, test.y) };
}

if (flags.child !== undefined) process.stdout.write(JSON.stringify(measure(flags.child)));
else main();

function main(): void {
  const wanted = flags.cases?.split(',') ?? names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`expected cases among ${names.join(', ')}, got ${unknown}`);
  const folder = mkdtempSync(join(tmpdir(), 'cole-bench-'));
  try {
    for (const name of wanted) {
      const file = join(folder, 'data');
      const parts = [data(Number(name.split('-')[1]), 'train'), data(testRows, 'test')];
      const values = parts.flatMap(({ x, y }) => [Float64Array.from(x.data), y]);
      writeFileSync(file, Buffer.concat(values.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
      const trials = Array.from({ length: Number(flags.trials) }, () => [ours(name), peer(name, file)] as const);
      report(
        name,
        trials.map(([trial]) => trial),
        trials.flatMap(([, trial]) => trial ?? []),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ours(name: string): Trial {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--child', name], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cole failed at ${name}: ${stderr}`);
  return JSON.parse(stdout) as Trial;
}

/** Undefined where the peer is not installed. */
function peer(name: string, file: string): Trial | undefined {
  if (!flags.peers) return undefined;
  const script = packageFile('bench', 'peers', 'heads_sklearn.py');
  const args = [script, ...name.split('-'), String(cols), String(testRows), file];
  const { status, stdout, stderr, error } = spawnSync(process.env.COLE_PYTHON ?? 'python3', args, { encoding: 'utf8' });
  if (status === 3 || error) return undefined;
  if (status !== 0) throw new Error(`the peer failed at ${name}: ${stderr}`);
  const { predicted, ...seconds } = JSON.parse(stdout) as { fit: number; predict: number; predicted: number[] };
  return { ...seconds, tau: kendallTauB(predicted, data(testRows, 'test').y) };
}

function report(name: string, cole: readonly Trial[], peers: readonly Trial[]): void {
  const figures = (trials: readonly Trial[]) => ({
    fitMs: 1000 * median(trials.map(({ fit }) => fit)),
    predictMs: 1000 * median(trials.map(({ predict }) => predict)),
    tau: trials[0]!.tau,
    trials: trials.length,
  });
  const own = figures(cole);
  const other = peers.length > 0 ? figures(peers) : undefined;
  if (flags.json) {
    const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', isa: native().info().isa };
    process.stdout.write(`${JSON.stringify({ stage: 'heads', case: name, cole: own, peer: other, machine })}\n`);
    return;
  }
  const text = ({ fitMs, predictMs, tau }: typeof own) =>
    `fit ${fitMs.toFixed(1).padStart(8)} ms  1,000 rows ${predictMs.toFixed(1).padStart(7)} ms  tau ${tau.toFixed(3)}`;
  process.stdout.write(`${name.padEnd(14)}${text(own)}${other ? `  peer ${text(other)}` : ''}\n`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
