/** One fresh process that tokenizes: ours, a peer of Node's in this file, or one of Python's in bench/peers/tokenize_python.py. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Tokenizer as JsTokenizer } from '@huggingface/tokenizers';
import { packageFile } from '#cole/base/index.js';
import { loadTokenizer, tokenizerOf } from '#cole/lm/index.js';

/** The packages beside ours, and whether they can be told to use several threads. */
export const parties = {
  cole: { python: false, threads: true },
  tokie: { python: true, threads: true },
  fastokens: { python: true, threads: true },
  gigatoken: { python: true, threads: true },
  'tokenizers (Python)': { python: true, threads: true },
  'tokenizers (npm)': { python: false, threads: true },
  '@huggingface/tokenizers': { python: false, threads: false },
} as const;
export type Party = keyof typeof parties;

export interface Request {
  readonly party: Party;
  /** Of the store, for ours; undefined where there is only a file. */
  readonly model: string | undefined;
  /** Path of a tokenizer.json. */
  readonly tokenizer: string;
  readonly texts: readonly string[];
  readonly repeats: number;
  readonly threads: number;
}

/** Processor time beside the clock's, which other work on the machine disturbs less. */
export interface Trial {
  readonly coldSeconds: number;
  readonly warmSeconds: number;
  readonly coldCpuSeconds: number;
  readonly warmCpuSeconds: number;
  readonly tokens: number;
  readonly idsSha256: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

type Pass = () => readonly ArrayLike<number>[] | Promise<readonly ArrayLike<number>[]>;

interface NpmBinding {
  readonly Tokenizer: {
    fromFile(path: string): {
      disableTruncation(): void;
      disablePadding(): void;
      encodeBatch(
        texts: readonly string[],
        options: { addSpecialTokens: boolean },
      ): Promise<readonly { getIds(): number[] }[]>;
    };
  };
}

async function passOf({ party, model, tokenizer: path, texts, threads }: Request): Promise<Pass> {
  if (party === '@huggingface/tokenizers') {
    const peer = new JsTokenizer(JSON.parse(readFileSync(path, 'utf8')), {});
    return () => texts.map((text) => peer.encode(text, { add_special_tokens: false }).ids);
  }
  if (party === 'tokenizers (npm)') {
    const { Tokenizer } = createRequire(import.meta.url)('tokenizers') as NpmBinding;
    const peer = Tokenizer.fromFile(path);
    peer.disableTruncation();
    peer.disablePadding();
    return async () =>
      (await peer.encodeBatch(texts, { addSpecialTokens: false })).map((encoding) => encoding.getIds());
  }
  const tokenizer = model === undefined ? loadTokenizer({ json: readFileSync(path) }) : await tokenizerOf(model);
  return () => [tokenizer.encode(texts, { threads, addSpecialTokens: false }).ids];
}

async function timed(pass: Pass) {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  const ids = await pass();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  return { seconds, cpuSeconds: (user + system) / 1e6, ids };
}

/** What a fresh process does: reads its request from standard input and prints its Trial. */
export async function runAsChild(): Promise<void> {
  const request = JSON.parse(await readAll(process.stdin)) as Request;
  const pass = await passOf(request).catch((error) => {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    process.exit(missing);
  });
  const { seconds, cpuSeconds, ids } = await timed(pass);
  const hash = createHash('sha256');
  for (const part of ids) hash.update(Int32Array.from(part));
  const tokens = ids.reduce((sum, part) => sum + part.length, 0);
  const warm: { seconds: number; cpuSeconds: number }[] = [];
  for (let i = 0; i < request.repeats; i++) {
    const { seconds, cpuSeconds } = await timed(pass);
    warm.push({ seconds, cpuSeconds });
  }
  const trial: Trial = {
    coldSeconds: seconds,
    coldCpuSeconds: cpuSeconds,
    warmSeconds: median(warm.map(({ seconds }) => seconds)),
    warmCpuSeconds: median(warm.map(({ cpuSeconds }) => cpuSeconds)),
    tokens,
    idsSha256: hash.digest('hex'),
  };
  process.stdout.write(JSON.stringify(trial));
}

/** Exit code of a process whose package is not installed. */
const missing = 3;

/** Runs one trial; undefined where the package is not installed, a sentence where it does not take the tokenizer. */
export function trial(request: Request): Trial | string | undefined {
  const { python } = parties[request.party];
  const [command, args] = python
    ? [process.env.COLE_PYTHON ?? 'python3', [packageFile('bench', 'peers', 'tokenize_python.py')]]
    : [process.execPath, [fileURLToPath(new URL('../tokenize.js', import.meta.url)), '--child']];
  const child = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      RAYON_NUM_THREADS: String(request.threads),
      TOKENIZERS_PARALLELISM: String(request.threads > 1),
    },
    input: JSON.stringify({ ...request, package: request.party.replace(/ \(.*/, '') }),
  });
  if (child.status === 0) return JSON.parse(child.stdout) as Trial;
  if (child.status === missing || (python && child.error)) return undefined;
  const said = child.error?.message ?? child.stderr.trim().split('\n').at(-1) ?? '';
  if (request.party === 'cole') throw new Error(`${request.tokenizer}: ${child.error?.message ?? child.stderr}`);
  return said === '' ? `ended by ${child.signal}` : said;
}
