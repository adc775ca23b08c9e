/**
 * Downloads the files of a hub model into a folder. A file grows under a name of its own and gets its name when its hash is
 * right, so that a pull that was cut off goes on where it stopped.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadFile, HubApiError } from '@huggingface/hub';
import { ColeError, ioError, makeFolder } from '../../base/index.js';
import { type HubFile, type HubModel, hubAccess, hubError } from './hub.js';

/** Attempts in a row that bring nothing new. */
const attempts = 3;
const pauseMs = 500;

export async function downloadFiles(
  model: HubModel,
  folder: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const total = model.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const file of model.files) {
    await downloadOne(model, file, join(folder, file.path), (done) => onProgress(before + done, total));
    before += file.bytes;
  }
}

/** Of a pull that was cut off. */
export async function downloadedBytes(model: HubModel, folder: string): Promise<number> {
  let bytes = 0;
  for (const { path } of model.files) {
    const whole = await sizeOf(join(folder, path));
    bytes += whole || (await sizeOf(join(folder, `${path}.part`)));
  }
  return bytes;
}

async function downloadOne(
  model: HubModel,
  file: HubFile,
  path: string,
  onProgress: (done: number) => void,
): Promise<void> {
  if ((await sizeOf(path)) === file.bytes) return;
  const part = `${path}.part`;
  makeFolder(dirname(path));
  for (let left = attempts, done = await sizeOf(part); done < file.bytes; ) {
    let failure: unknown;
    try {
      await fetchRest(model, file, part, done, onProgress);
      failure = new Error('the answer ended early');
    } catch (error) {
      failure = error;
    }
    const now = await sizeOf(part);
    left = now > done ? attempts : left - 1;
    if (now < file.bytes && (left === 0 || isFinal(failure))) throw hubError(failure, `${file.path} of ${model.id}`);
    done = now;
    if (done < file.bytes) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const got = await hashOfFile(part, file);
  if (got !== file.hash.hex) {
    // What is wrong cannot be gone on with.
    await rm(part, { force: true });
    throw new ColeError(
      'ERR_DATA',
      `expected ${file.hash.kind} hash ${file.hash.hex} for ${file.path} of ${model.id}, got ${got}; pull it again`,
    );
  }
  await rename(part, path);
}

/** A full disk or a refusal stays what it is. */
function isFinal(error: unknown): boolean {
  return error instanceof ColeError || (error instanceof HubApiError && error.statusCode < 500);
}

async function fetchRest(
  { id, commit }: HubModel,
  file: HubFile,
  part: string,
  done: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const blob = await downloadFile({ repo: id, revision: commit, path: file.path, xet: false, ...hubAccess() });
  if (!blob) throw new ColeError('ERR_MODEL', `expected ${file.path} in ${id}, got no such file`);
  if (blob.size !== file.bytes)
    throw new ColeError('ERR_DATA', `expected ${file.bytes} bytes in ${file.path} of ${id}, got ${blob.size}`);
  const out = createWriteStream(part, { flags: 'a' });
  // The disk's errors are not the network's: those are tried again.
  let diskError: unknown;
  out.once('error', (cause) => {
    diskError = cause;
  });
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      done += chunk.length;
      onProgress(done);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(blob.slice(done).stream() as never), counted, out);
  } catch (cause) {
    throw diskError ? ioError(part, diskError) : cause;
  }
}

async function hashOfFile(path: string, { bytes, hash }: HubFile): Promise<string> {
  const made = createHash(hash.kind === 'git' ? 'sha1' : 'sha256');
  if (hash.kind === 'git') made.update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) made.update(chunk as Uint8Array);
  return made.digest('hex');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
