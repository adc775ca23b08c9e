/** What else runs the language models of the store, on the same token ids: PyTorch, and ONNX in Node. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '#cole/base/index.js';
import { openModel } from '#cole/lm/index.js';

export interface Trial {
  readonly seconds: number;
  /** Of all threads, in these seconds: it depends less on what else the machine does. */
  readonly cpuSeconds: number;
  readonly tokens: number;
  /** Vector of the first text, avg_avg; absent where only the mean of the last state is made. */
  readonly first?: readonly number[];
  readonly peakMegabytes: number;
  readonly note: string;
}

/** Undefined where the peer is not installed. */
export type Peer = (model: string, texts: readonly string[], threads: number) => Promise<Trial | undefined>;

const python = process.env.COLE_PYTHON ?? 'python3';
const script = (name: string) => packageFile('bench', 'peers', name);
const exports = mkdtempSync(join(tmpdir(), 'cole-peers-'));
process.on('exit', () => rmSync(exports, { recursive: true, force: true }));

export const peers: readonly Peer[] = [
  torch('float32'),
  torch('bfloat16'),
  exported('transformers.js'),
  exported('onnxruntime'),
];

function torch(dtype: string): Peer {
  return async (model, texts, threads) => {
    const { folder } = await openModel(model);
    const input = JSON.stringify({ folder, texts: await idsOf(model, texts), threads, dtype });
    return trialOf(python, [script('embed_torch.py')], input);
  };
}

function exported(runtime: string): Peer {
  return async (model, texts, threads) => {
    const target = join(exports, model);
    const { folder } = await openModel(model);
    if (!existsSync(target) && run(python, [script('embed_export.py'), folder, target], '') === undefined)
      return undefined;
    const input = JSON.stringify({ folder: target, texts: await idsOf(model, texts), threads, runtime });
    return trialOf(process.execPath, [script('embed_js.mjs')], input);
  };
}

async function idsOf(model: string, texts: readonly string[]): Promise<number[][]> {
  const { tokenizer } = await openModel(model);
  const { ids, offsets } = tokenizer.encode(texts);
  return texts.map((_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
}

/** What `command` prints; undefined where it ends with 3: it lacks a library and says so on purpose. */
export function run(command: string, args: readonly string[], input: string): string | undefined {
  const { status, error, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  if (status === 3 || (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  throw new Error(`${command} ${args[0]} failed: ${error?.message ?? stderr}`);
}

function trialOf(...call: Parameters<typeof run>): Trial | undefined {
  const printed = run(...call);
  return printed === undefined ? undefined : (JSON.parse(printed) as Trial);
}
