/**
 * One process at a time in a run directory. The lock is a local socket name that the operating system frees when its
 * process ends in whatever way, so nothing stale is left behind by a kill; it knows the processes of this machine only.
 */
import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { ColeError, ioError } from '../base/index.js';

/** Takes the directory, which is made where it is missing, and returns what gives it back. Throws ERR_OPTION where it is taken. */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  let path: string;
  try {
    await mkdir(directory, { recursive: true });
    path = await realpath(directory);
  } catch (error) {
    throw ioError(directory, error);
  }
  const name = `cole-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  // Abstract sockets and named pipes leave no file. Other systems have neither, and go without a lock.
  const address = { linux: `\0${name}`, win32: `\\\\.\\pipe\\${name}` }[process.platform as string];
  if (address === undefined) return async () => {};
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(ioError(directory, cause));
      reject(
        new ColeError('ERR_OPTION', `expected a run directory that no other process works on, got ${directory}`, {
          cause,
        }),
      );
    });
    server.listen(address, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}
