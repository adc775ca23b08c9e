/**
 * Pooling: means over the tokens of 64 texts, read from memory, beside what the machine's memory gives. Every trial is a
 * fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/pool.js [--peers] [--json] [--trials 5] [--threads 2] [--cases float32,float16]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { packageFile } from '#cole/base/index.js';
import { type NativeElement, native } from '#cole/native/index.js';
import { parseFlags } from './parts/flags.js';

/** 64 texts of 250 tokens, 4,096 wide: 262 MB in float32, more than any cache. */
const texts = 64;
const length = 250;
const dim = 4096;
const values = texts * length * dim;
const repeats = 7;

const elements: readonly NativeElement[] = ['float32', 'float16', 'bfloat16'];
const parties = ['cole', 'memory', 'javascript', 'numpy', 'torch'] as const;
type Party = (typeof parties)[number];

/** GB/s of the fastest repeat: the rest is the scheduler's. */
function best(bytes: number, run: () => void): number {
  run();
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    run();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return bytes / seconds / 1e9;
}

function fill(data: Float32Array | Uint16Array): typeof data {
  // Half floats of small exponent: finite in both formats.
  for (let i = 0; i < data.length; i++) data[i] = data instanceof Float32Array ? (i % 1000) / 1000 : i & 0x3bff;
  return data;
}

function spans(): Int32Array {
  return Int32Array.from({ length: 2 * texts }, (_, i) => length * ((i + 1) >> 1));
}

function pooling(element: NativeElement, threads: number): number {
  const data = fill(element === 'float32' ? new Float32Array(values) : new Uint16Array(values));
  const mean = { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0) } as const;
  const where = spans();
  return best(data.byteLength, () => void native().poolTokens([data], element, dim, where, null, [mean], threads));
}

function javascript(): number {
  const data = fill(new Float32Array(values));
  return best(data.byteLength, () => {
    const out = new Float32Array(texts * dim);
    for (let i = 0; i < texts; i++)
      for (let t = 0; t < length; t++) {
        const from = (i * length + t) * dim;
        for (let d = 0; d < dim; d++) out[i * dim + d]! += data[from + d]!;
      }
    for (let i = 0; i < out.length; i++) out[i]! /= length;
  });
}

/**
 * What reading costs at the least: the C library's search for a byte that is not there, a vector loop that only reads, over
 * as many bytes as threads share. Threads read their own parts at the same time, each as often.
 */
async function memory(element: NativeElement, threads: number): Promise<number> {
  const bytes = values * (element === 'float32' ? 4 : 2);
  const start = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(fileURLToPath(import.meta.url), {
        workerData: { bytes: Math.floor(bytes / threads), start, threads },
      }),
  );
  const rates = await Promise.all(
    workers.map(
      (worker) => new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    ),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function readInWorker(): Promise<void> {
  const { parentPort } = await import('node:worker_threads');
  const { bytes, start, threads } = workerData as { bytes: number; start: Int32Array; threads: number };
  const data = Buffer.alloc(bytes, 1);
  Atomics.add(start, 0, 1);
  while (Atomics.load(start, 0) < threads);
  parentPort!.postMessage(
    best(bytes, () => {
      if (data.indexOf(2) !== -1) throw new Error('expected no byte 2');
    }),
  );
}

if (!isMainThread) await readInWorker();
else await main();

async function main(): Promise<void> {
  const flags = parseFlags({
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    trials: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    cases: { type: 'string' },
    child: { type: 'string' },
  });
  if (flags.child !== undefined) {
    const [party, element, threads] = flags.child.split(' ') as [Party, NativeElement, string];
    const rate =
      party === 'cole'
        ? pooling(element, Number(threads))
        : party === 'memory'
          ? await memory(element, Number(threads))
          : javascript();
    process.stdout.write(String(rate));
    return;
  }
  const wanted = flags.cases?.split(',') ?? elements;
  const unknown = wanted.find((name) => !elements.includes(name as NativeElement));
  if (unknown !== undefined) throw new Error(`expected cases among ${elements.join(', ')}, got ${unknown}`);
  const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', isa: native().info().isa, node: process.versions.node };
  if (!flags.json) process.stdout.write(`${machine.cpu}, ${machine.isa}; GB/s\n`);
  for (const element of wanted as NativeElement[])
    for (const threads of new Set([1, Number(flags.threads)])) {
      const rates = new Map<Party, number[]>();
      for (let i = 0; i < Number(flags.trials); i++)
        for (const party of flags.peers ? parties : (['cole', 'memory'] as const)) {
          const rate = trial(party, element, threads);
          if (rate !== undefined) rates.set(party, [...(rates.get(party) ?? []), rate]);
        }
      report(element, threads, rates, flags.json, machine);
    }
}

/** In a fresh process; undefined where a party has no such case or is not installed. */
function trial(party: Party, element: NativeElement, threads: number): number | undefined {
  if (party === 'javascript' && (element !== 'float32' || threads > 1)) return undefined;
  const python = party === 'numpy' || party === 'torch';
  const args = python
    ? [
        packageFile('bench', 'peers', 'pool.py'),
        party,
        element,
        String(threads),
        String(texts),
        String(length),
        String(dim),
      ]
    : [fileURLToPath(import.meta.url), '--child', `${party} ${element} ${threads}`];
  const child = spawnSync(python ? (process.env.COLE_PYTHON ?? 'python3') : process.execPath, args, {
    encoding: 'utf8',
  });
  if (child.status === 0) return Number(child.stdout);
  if (python && (child.status === 3 || child.error)) return undefined;
  throw new Error(`${party} failed at ${element}: ${child.error?.message ?? child.stderr}`);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function report(element: string, threads: number, rates: Map<Party, number[]>, json: boolean, machine: object): void {
  const figures = [...rates].map(([party, all]) => {
    const middle = median(all);
    return [
      party,
      { gbPerSecond: middle, mad: median(all.map((rate) => Math.abs(rate - middle))), trials: all.length },
    ] as const;
  });
  const of = Object.fromEntries(figures);
  const ofMemory = of.cole!.gbPerSecond / of.memory!.gbPerSecond;
  if (json) {
    process.stdout.write(`${JSON.stringify({ stage: 'pool', case: element, threads, ...of, ofMemory, machine })}\n`);
    return;
  }
  const text = figures.map(
    ([party, { gbPerSecond, mad }]) => `${party} ${gbPerSecond.toFixed(1)} +- ${mad.toFixed(1)}`,
  );
  process.stdout.write(`${element} x${threads}: ${text.join(', ')}; ${(100 * ofMemory).toFixed(0)} % of memory\n`);
}
