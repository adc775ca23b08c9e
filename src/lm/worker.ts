/** Worker entry: one onnxruntime session and the batches it is asked to run. Ends when it gets null. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { asColeError, ColeError } from '../base/index.js';
import type { Feed } from './batches.js';
import { ExitGuard } from './exit-guard.js';
import { loadRuntime } from './runtime.js';
import type { WeightsFile } from './store/open.js';

export interface SessionData {
  readonly graphPath: string;
  readonly files: readonly WeightsFile[];
  /** Of the graph: poolings, or hidden states. */
  readonly outputs: readonly string[];
  readonly threads: number;
  /** Of an ExitGuard. */
  readonly guard: SharedArrayBuffer;
}

export interface Request {
  readonly id: number;
  readonly feeds: Readonly<Record<string, Feed>>;
}

export type Reply =
  | { readonly id: number; readonly data: readonly Float32Array<ArrayBuffer>[] }
  | { readonly id: number; readonly code: string; readonly message: string };

const { outputs, ...data } = workerData as SessionData;
const guard = new ExitGuard(data.guard);
let session: Promise<InferenceSession> | undefined;
let turn: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: Request | null) => {
  turn = turn.then(async () => {
    if (!guard.enter()) return;
    await (request ? answer(request) : end());
    guard.leave();
  });
});

async function answer(request: Request): Promise<void> {
  try {
    session ??= open();
    const { Tensor } = await loadRuntime();
    const tensors = Object.entries(request.feeds).map(([name, { type, data, dims }]) => [
      name,
      type === 'int64' ? new Tensor(type, data, dims) : new Tensor(type, data, dims),
    ]);
    const fetched = await (await session).run(Object.fromEntries(tensors), outputs);
    // Copied: the runtime's buffers cannot be transferred.
    const vectors = outputs.map((output) => Float32Array.from(fetched[output]!.data as Float32Array));
    for (const output of outputs) fetched[output]!.dispose();
    const reply: Reply = { id: request.id, data: vectors };
    parentPort!.postMessage(
      reply,
      vectors.map(({ buffer }) => buffer),
    );
  } catch (error) {
    const { code, message } = asColeError(error, 'ERR_MODEL');
    parentPort!.postMessage({ id: request.id, code, message } satisfies Reply);
  }
}

async function open(): Promise<InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  for (const file of data.files) await requireHash(file);
  return InferenceSession.create(data.graphPath, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: data.threads,
    interOpNumThreads: 1,
    // Patterns are kept per shape, and there are as many shapes as lengths and batch sizes.
    enableMemPattern: false,
    extra: {
      // A thread that waits must not burn the core that a head is trained on.
      session: { intra_op: { allow_spinning: '0' } },
      // Slower than the additions and the norm that it would make one operator of.
      optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' },
    },
    logSeverityLevel: 3,
  });
}

async function requireHash({ path, sha256, remedy }: WeightsFile): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new ColeError('ERR_DATA', `expected sha256 ${sha256} for ${path}, got ${found}; ${remedy}`);
}

async function end(): Promise<void> {
  await (await session?.catch(() => undefined))?.release();
  parentPort!.close();
}
