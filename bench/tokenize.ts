/**
 * Tokenizing: all 15,625 cells of NAS-Bench-201 as PyTorch text (the paper's form), or the Python files of a folder, with
 * the tokenizers of both default models. Cold is the first pass of a new tokenizer, warm the median of the passes after it;
 * strings go in and ids come out on every side. Every trial is a fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/tokenize.js [--peers] [--json] [--trials 5] [--repeats 5] [--models a,b] [--folder DIR]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer as NpmTokenizer } from '@huggingface/tokenizers';
import { packageFile } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { tokenizerOf } from '#cole/lm/index.js';
import { cellOf } from '#cole/spaces/index.js';
import { parseFlags } from './parts/flags.js';
import { tokenizerJson } from './parts/tokenizer-json.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '5' },
  repeats: { type: 'string', default: '5' },
  models: { type: 'string', default: 'smollm2-135m,all-minilm-l6-v2' },
  /** Read every .py file below instead of rendering cells. */
  folder: { type: 'string' },
  /** Of a fresh process: who, model, threads. */
  child: { type: 'string' },
});

const parties = ['cole', 'cole, 2 threads', 'tokenizers (Python)', '@huggingface/tokenizers'] as const;
type Party = (typeof parties)[number];

interface Trial {
  readonly coldSeconds: number;
  readonly warmSeconds: number;
  /** Processor time of the same passes, which other work on the machine disturbs less. */
  readonly coldCpuSeconds: number;
  readonly warmCpuSeconds: number;
  readonly tokens: number;
  readonly idsSha256: string;
}

function texts(): string[] {
  if (flags.folder !== undefined)
    return readdirSync(flags.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .sort()
      .map((name) => readFileSync(join(flags.folder as string, name), 'utf8'));
  const style = renderer('nas-bench-201', 'exclude_helper');
  return Array.from({ length: 15625 }, (_, index) => style.render(cellOf(index)));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

interface Pass<T> {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly result: T;
}

function timed<T>(run: () => T): Pass<T> {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  const result = run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  return { seconds, cpuSeconds: (user + system) / 1e6, result };
}

/** The passes of one process of ours, or of the JavaScript peer. */
async function measure(party: Party, model: string): Promise<Trial> {
  const work = texts();
  let pass: () => readonly ArrayLike<number>[];
  if (party === '@huggingface/tokenizers') {
    const peer = new NpmTokenizer(JSON.parse(tokenizerJson(model)), {});
    pass = () => work.map((text) => peer.encode(text).ids);
  } else {
    const tokenizer = await tokenizerOf(model);
    const threads = party === 'cole' ? 1 : 2;
    pass = () => [tokenizer.encode(work, { threads }).ids];
  }
  const cold = timed(pass);
  const warm = Array.from({ length: Number(flags.repeats) }, () => {
    const { seconds, cpuSeconds } = timed(pass);
    return { seconds, cpuSeconds };
  });
  const ids = cold.result;
  const hash = createHash('sha256');
  for (const part of ids) hash.update(Int32Array.from(part));
  const tokens = ids.reduce((sum, part) => sum + part.length, 0);
  return {
    coldSeconds: cold.seconds,
    warmSeconds: median(warm.map(({ seconds }) => seconds)),
    coldCpuSeconds: cold.cpuSeconds,
    warmCpuSeconds: median(warm.map(({ cpuSeconds }) => cpuSeconds)),
    tokens,
    idsSha256: hash.digest('hex'),
  };
}

/** Runs a trial in a fresh process; undefined where the peer is not installed. */
function trial(party: Party, model: string): Trial | undefined {
  const python = party === 'tokenizers (Python)';
  const [command, args] = python
    ? [process.env.COLE_PYTHON ?? 'python3', [packageFile('bench', 'peers', 'tokenize_hf.py')]]
    : [process.execPath, [fileURLToPath(import.meta.url), '--child', `${party}/${model}`, ...passedOn()]];
  const child = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, RAYON_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' },
    input: python
      ? JSON.stringify({ tokenizer: tokenizerJson(model), texts: texts(), repeats: Number(flags.repeats) })
      : '',
  });
  if (child.status === 0) return JSON.parse(child.stdout) as Trial;
  // 3: the package is missing.
  if (python && (child.status === 3 || child.error)) return undefined;
  throw new Error(`${party} failed at ${model}: ${child.error?.message ?? child.stderr}`);
}

function passedOn(): string[] {
  return ['--repeats', flags.repeats, ...(flags.folder === undefined ? [] : ['--folder', flags.folder])];
}

function figures(trials: readonly Trial[], pass: 'cold' | 'warm', bytes: number, count: number) {
  const seconds = trials.map((trial) => trial[`${pass}Seconds`]);
  const middle = median(seconds);
  return {
    medianMs: 1000 * middle,
    madMs: 1000 * median(seconds.map((value) => Math.abs(value - middle))),
    cpuMs: 1000 * median(trials.map((trial) => trial[`${pass}CpuSeconds`])),
    megabytesPerSecond: bytes / middle / 1e6,
    textsPerSecond: count / middle,
  };
}
type Figures = ReturnType<typeof figures>;

interface Line {
  readonly stage: 'tokenize';
  readonly model: string;
  readonly party: Party;
  readonly trials: number;
  readonly tokens: number;
  readonly cold: Figures;
  readonly warm: Figures;
  /** Median time by ours on one thread; processor time likewise. */
  readonly ratio: { cold: number; warm: number; coldCpu: number; warmCpu: number };
  readonly sameIds: boolean;
}

function table({ model, party, cold, warm, ratio, sameIds }: Line): string {
  const text = ({ medianMs, madMs, cpuMs, megabytesPerSecond }: Figures, times: number, cpuTimes: number) =>
    `${megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${medianMs.toFixed(1).padStart(8)} ms +- ${madMs.toFixed(1)}` +
    ` (processor ${cpuMs.toFixed(1)} ms); ${times.toFixed(1)} (${cpuTimes.toFixed(1)}) times our time`;
  return (
    `${model}, ${party}${sameIds ? '' : ': OTHER IDS'}\n` +
    `  cold ${text(cold, ratio.cold, ratio.coldCpu)}\n  warm ${text(warm, ratio.warm, ratio.warmCpu)}\n`
  );
}

function main(): void {
  const work = texts();
  const bytes = work.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node };
  if (!flags.json) process.stdout.write(`${machine.cpu}; ${work.length} texts, ${(bytes / 1e6).toFixed(2)} MB\n`);
  for (const model of flags.models.split(',')) {
    const results = new Map<Party, Trial[]>(parties.map((party) => [party, []]));
    for (let i = 0; i < Number(flags.trials); i++)
      for (const party of flags.peers ? parties : parties.slice(0, 2)) {
        const result = trial(party, model);
        if (result) results.get(party)!.push(result);
      }
    const ours = results.get('cole')!;
    const base = {
      cold: figures(ours, 'cold', bytes, work.length),
      warm: figures(ours, 'warm', bytes, work.length),
    };
    for (const [party, trials] of results) {
      if (trials.length === 0) continue;
      const cold = figures(trials, 'cold', bytes, work.length);
      const warm = figures(trials, 'warm', bytes, work.length);
      const line: Line = {
        stage: 'tokenize',
        model,
        party,
        trials: trials.length,
        tokens: trials[0]!.tokens,
        cold,
        warm,
        ratio: {
          cold: cold.medianMs / base.cold.medianMs,
          warm: warm.medianMs / base.warm.medianMs,
          coldCpu: cold.cpuMs / base.cold.cpuMs,
          warmCpu: warm.cpuMs / base.warm.cpuMs,
        },
        sameIds: trials.every(({ idsSha256 }) => idsSha256 === ours[0]!.idsSha256),
      };
      process.stdout.write(
        flags.json ? `${JSON.stringify({ ...line, texts: work.length, bytes, machine })}\n` : table(line),
      );
    }
  }
}

if (flags.child === undefined) main();
else {
  const [party, model] = flags.child.split(/\/(?=[^/]*$)/) as [Party, string];
  process.stdout.write(JSON.stringify(await measure(party, model)));
}
