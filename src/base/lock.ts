/**
 * One process at a time at a path. The lock is a local socket name that the operating system frees when its process ends in
 * whatever way, so nothing stale is left behind by a kill; it knows the processes of this machine only.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { ioError, makeFolder } from './files.js';

export type Release = () => Promise<void>;

/**
 * Takes the directory, which is made where it is missing, and returns what gives it back, or undefined where it is taken.
 * `part` tells locks of one directory apart.
 */
export async function tryLock(directory: string, part = ''): Promise<Release | undefined> {
  let path: string;
  try {
    makeFolder(directory);
    path = await realpath(directory);
  } catch (error) {
    throw ioError(directory, error);
  }
  const name = `cole-${createHash('sha256')
    .update(part ? `${path}\0${part}` : path)
    .digest('hex')
    .slice(0, 32)}`;
  // Abstract sockets and named pipes leave no file. Other systems have neither, and go without a lock.
  const address = { linux: `\0${name}`, win32: `\\\\.\\pipe\\${name}` }[process.platform as string];
  if (address === undefined) return async () => {};
  const server = createServer((socket) => socket.destroy());
  const isMine = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'EADDRINUSE' ? resolve(false) : reject(ioError(directory, cause)),
    );
    server.listen(address, () => resolve(true));
  });
  if (!isMine) return undefined;
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Whether a process of this machine runs under the number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
