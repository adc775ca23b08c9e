/**
 * Tokenizing: all 15,625 cells of NAS-Bench-201 as PyTorch text (the paper's form), or the Python files of a folder. Cold is
 * the first pass of a new tokenizer, warm the median of the passes after it; strings go in and ids come out on every side,
 * without special tokens. Every trial is a fresh process; ours and the peers' alternate.
 *
 *   node dist/bench/tokenize.js [--peers] [--json] [--trials 5] [--repeats 5] [--threads 1,2] [--folder DIR]
 *     [--models a,NAME=PATH] [--parties cole,tokie]
 *
 * A model is the name of one in the store, the path of a tokenizer.json or of its folder, or a name for a path.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderer } from '#cole/code/index.js';
import { cellOf } from '#cole/spaces/index.js';
import { parseFlags } from './parts/flags.js';
import { median, type Party, parties, runAsChild, type Trial, trial } from './parts/tokenize-trial.js';
import { tokenizerJson } from './parts/tokenizer-json.js';

const flags = parseFlags({
  peers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trials: { type: 'string', default: '5' },
  repeats: { type: 'string', default: '5' },
  threads: { type: 'string', default: '1,2' },
  models: { type: 'string', default: 'smollm2-135m,all-minilm-l6-v2' },
  /** Only these; implies the peers among them. */
  parties: { type: 'string' },
  /** Read every .py file below instead of rendering cells. */
  folder: { type: 'string' },
  /** A fresh process of this benchmark itself. */
  child: { type: 'boolean', default: false },
});

function texts(): string[] {
  if (flags.folder !== undefined)
    return readdirSync(flags.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .sort()
      .map((name) => readFileSync(join(flags.folder as string, name), 'utf8'));
  const style = renderer('nas-bench-201', 'exclude_helper');
  return Array.from({ length: 15625 }, (_, index) => style.render(cellOf(index)));
}

interface Source {
  readonly name: string;
  readonly model: string | undefined;
  readonly tokenizer: string;
}

/** The tokenizers as files, which peers read; those made of a GGUF vocabulary lie in `folder`. */
function sources(folder: string): Source[] {
  return flags.models.split(',').map((entry) => {
    const [, given, named] = /^(?:([^=]*)=)?(.*)$/s.exec(entry)!;
    const path = named!;
    if (existsSync(path)) {
      const tokenizer = statSync(path).isDirectory() ? join(path, 'tokenizer.json') : path;
      return { name: given ?? path, model: undefined, tokenizer };
    }
    const tokenizer = join(folder, `${path.replaceAll('/', '--')}.json`);
    writeFileSync(tokenizer, tokenizerJson(path));
    return { name: given ?? path, model: path, tokenizer };
  });
}

function partiesWanted(): Party[] {
  const all = Object.keys(parties) as Party[];
  if (flags.parties === undefined) return flags.peers ? all : ['cole'];
  const wanted = flags.parties.split(',');
  const unknown = wanted.find((name) => !(name in parties));
  if (unknown !== undefined) {
    console.error(`error: expected some of ${all.join(', ')} for --parties, got ${unknown}`);
    process.exit(2);
  }
  return all.filter((name) => name === 'cole' || wanted.includes(name));
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
  readonly threads: number;
  readonly trials: number;
  readonly tokens: number;
  readonly cold: Figures;
  readonly warm: Figures;
  /** Median time by ours on as many threads; processor time likewise. */
  readonly ratio: { cold: number; warm: number; coldCpu: number; warmCpu: number };
  readonly sameIds: boolean;
}

function table({ party, threads, cold, warm, ratio, sameIds }: Line): string {
  const text = ({ medianMs, madMs, cpuMs, megabytesPerSecond }: Figures, times: number, cpuTimes: number) =>
    `${megabytesPerSecond.toFixed(1).padStart(7)} MB/s ${medianMs.toFixed(1).padStart(8)} ms +- ${madMs.toFixed(1)}` +
    ` (processor ${cpuMs.toFixed(1)} ms); ${times.toFixed(2)} (${cpuTimes.toFixed(2)}) times our time`;
  return (
    `  ${party}, ${threads} thread${threads === 1 ? '' : 's'}${sameIds ? '' : ': OTHER IDS'}\n` +
    `    cold ${text(cold, ratio.cold, ratio.coldCpu)}\n    warm ${text(warm, ratio.warm, ratio.warmCpu)}\n`
  );
}

const work = flags.child ? [] : texts();
const bytes = work.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const machine = { cpu: cpus()[0]?.model.trim() ?? 'unknown', node: process.versions.node };

function measure({ name, model, tokenizer }: Source, threads: number): void {
  const wanted = partiesWanted().filter((party) => threads === 1 || parties[party].threads);
  const results = new Map<Party, Trial[]>(wanted.map((party) => [party, []]));
  const refusals = new Map<Party, string>();
  for (let i = 0; i < Number(flags.trials); i++)
    for (const party of wanted) {
      if (refusals.has(party)) continue;
      const repeats = Number(flags.repeats);
      const result = trial({ party, model, tokenizer, texts: work, repeats, threads });
      if (typeof result === 'string') refusals.set(party, result);
      else if (result) results.get(party)!.push(result);
    }
  const both = (trials: readonly Trial[]) => ({
    cold: figures(trials, 'cold', bytes, work.length),
    warm: figures(trials, 'warm', bytes, work.length),
  });
  const ours = results.get('cole')!;
  const base = both(ours);
  for (const [party, trials] of results) {
    const refused = refusals.get(party);
    if (refused !== undefined) {
      const line = { stage: 'tokenize', model: name, party, threads, refused };
      process.stdout.write(flags.json ? `${JSON.stringify(line)}\n` : `  ${party}: fails, ${refused}\n`);
      continue;
    }
    if (trials.length === 0) continue;
    const { cold, warm } = both(trials);
    const line: Line = {
      stage: 'tokenize',
      model: name,
      party,
      threads,
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

function main(): void {
  if (!flags.json) process.stdout.write(`${machine.cpu}; ${work.length} texts, ${(bytes / 1e6).toFixed(2)} MB\n`);
  const folder = mkdtempSync(join(tmpdir(), 'cole-bench-'));
  try {
    for (const source of sources(folder)) {
      if (!flags.json) process.stdout.write(`${source.name}\n`);
      for (const threads of flags.threads.split(',')) measure(source, Number(threads));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (flags.child) await runAsChild();
else main();
