/**
 * Pooling: means over the tokens of texts that fill 262 MB, read from memory, beside what the machine's memory gives. Every trial is a
 * fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/pool.js [--peers] [--json] [--trials 5] [--threads 2] [--cases float32,float16]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { packageFile } from '#cole/base/index.js';
import { type NativeElement, native } from '#cole/native/index.js';
import { parseFlags } from './parts/flags.js';
import { startReaders } from './parts/memory.js';

/** Texts of 250 tokens, 4,096 wide, as many as make 262 MB: more than any cache, and as much of it for every element. */
const bytes = 262_144_000;
const length = 250;
const dim = 4096;
const repeats = 7;

const elements: readonly NativeElement[] = ['float32', 'float16', 'bfloat16'];
const parties = ['cole', 'javascript', 'numpy', 'torch'] as const;
type Party = (typeof parties)[number];
/** GB/s; memory's come with ours. */
type Rates = Partial<Record<Party | 'memory', number>>;

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

const sizeOf = (element: NativeElement) => (element === 'float32' ? 4 : 2);
const textsOf = (element: NativeElement) => bytes / sizeOf(element) / length / dim;

function spans(texts: number): Int32Array {
  return Int32Array.from({ length: 2 * texts }, (_, i) => length * ((i + 1) >> 1));
}

/** Ours and memory's rates over the same bytes in turn: what these pages get differs between processes. */
async function pooling(element: NativeElement, threads: number): Promise<Rates> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes));
  // As floats and as half floats these are finite, and small enough for any sum of them.
  Buffer.from(shared.buffer).fill('0123456789:;');
  const data = element === 'float32' ? new Float32Array(shared.buffer) : new Uint16Array(shared.buffer);
  const mean = { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0) } as const;
  const where = spans(textsOf(element));
  const readers = startReaders(shared, threads);
  const seconds = { cole: Number.POSITIVE_INFINITY, memory: Number.POSITIVE_INFINITY };
  for (let i = 0; i <= repeats; i++) {
    const start = performance.now();
    native().poolTokens([data], element, dim, where, null, [mean], threads);
    const ours = (performance.now() - start) / 1000;
    const reading = await readers.read();
    // The first is to warm up.
    if (i === 0) continue;
    seconds.cole = Math.min(seconds.cole, ours);
    seconds.memory = Math.min(seconds.memory, reading);
  }
  await readers.close();
  return { cole: bytes / seconds.cole / 1e9, memory: bytes / seconds.memory / 1e9 };
}

function javascript(): number {
  const texts = textsOf('float32');
  const data = new Float32Array(bytes / 4).fill(0.5);
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

await main();

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
    const rates: Rates = party === 'cole' ? await pooling(element, Number(threads)) : { javascript: javascript() };
    process.stdout.write(JSON.stringify(rates));
    return;
  }
  const wanted = flags.cases?.split(',') ?? elements;
  const unknown = wanted.find((name) => !elements.includes(name as NativeElement));
  if (unknown !== undefined) throw new Error(`expected cases among ${elements.join(', ')}, got ${unknown}`);
  const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', isa: native().info().isa, node: process.versions.node };
  if (!flags.json) process.stdout.write(`${machine.cpu}, ${machine.isa}; GB/s\n`);
  for (const element of wanted as NativeElement[])
    for (const threads of new Set([1, Number(flags.threads)])) {
      const rates = new Map<string, number[]>();
      for (let i = 0; i < Number(flags.trials); i++)
        for (const party of flags.peers ? parties : (['cole'] as const))
          for (const [name, rate] of Object.entries(trial(party, element, threads)))
            rates.set(name, [...(rates.get(name) ?? []), rate]);
      report(element, threads, rates, flags.json, machine);
    }
}

/** In a fresh process; nothing where a party has no such case or is not installed. */
function trial(party: Party, element: NativeElement, threads: number): Rates {
  if (party === 'javascript' && (element !== 'float32' || threads > 1)) return {};
  const python = party === 'numpy' || party === 'torch';
  const args = python
    ? [
        packageFile('bench', 'peers', 'pool.py'),
        party,
        element,
        String(threads),
        String(textsOf(element)),
        String(length),
        String(dim),
      ]
    : [fileURLToPath(import.meta.url), '--child', `${party} ${element} ${threads}`];
  const child = spawnSync(python ? (process.env.COLE_PYTHON ?? 'python3') : process.execPath, args, {
    encoding: 'utf8',
  });
  if (child.status === 0) return python ? { [party]: Number(child.stdout) } : (JSON.parse(child.stdout) as Rates);
  if (python && (child.status === 3 || child.error)) return {};
  throw new Error(`${party} failed at ${element}: ${child.error?.message ?? child.stderr}`);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function report(element: string, threads: number, rates: Map<string, number[]>, json: boolean, machine: object): void {
  const figures = [...rates].map(([party, all]) => {
    const middle = median(all);
    return [
      party,
      { gbPerSecond: middle, mad: median(all.map((rate) => Math.abs(rate - middle))), trials: all.length },
    ] as const;
  });
  const of = Object.fromEntries(figures);
  const ofMemory = median(rates.get('cole')!.map((rate, i) => rate / rates.get('memory')![i]!));
  if (json) {
    process.stdout.write(`${JSON.stringify({ stage: 'pool', case: element, threads, ...of, ofMemory, machine })}\n`);
    return;
  }
  const text = figures.map(
    ([party, { gbPerSecond, mad }]) => `${party} ${gbPerSecond.toFixed(1)} +- ${mad.toFixed(1)}`,
  );
  process.stdout.write(`${element} x${threads}: ${text.join(', ')}; ${(100 * ofMemory).toFixed(0)} % of memory\n`);
}
