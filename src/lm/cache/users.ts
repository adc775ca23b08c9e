/**
 * Who has a folder of the cache open: each process keeps a file there with the name of its machine and its number, and
 * touches it while it works. A process of this machine is asked for; one of another machine counts as alive for a day.
 */
import { rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../base/index.js';

const pattern = /^\.(.+)-(\d+)\.user$/;
const dayMs = 86_400_000;

/** Does nothing where the folder cannot be written: what is only read needs no mark. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  const path = markOf(folder);
  await utimes(path, now, now)
    .catch(() => writeFile(path, ''))
    .catch(() => undefined);
}

export async function unmark(folder: string): Promise<void> {
  await rm(markOf(folder), { force: true }).catch(() => undefined);
}

/** Whether another process has the folder open, of whose files these are the names; marks of dead ones are removed. */
export async function isUsedByOthers(folder: string, names: readonly string[]): Promise<boolean> {
  let used = false;
  for (const name of names) {
    const [, host, pid] = pattern.exec(name) ?? [];
    if (host === undefined || (host === hostname() && Number(pid) === process.pid)) continue;
    const path = join(folder, name);
    const touched = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    const isThere = host === hostname() ? isAlive(Number(pid)) : Date.now() - touched < dayMs;
    if (isThere) used = true;
    else await rm(path, { force: true }).catch(() => undefined);
  }
  return used;
}

function markOf(folder: string): string {
  return join(folder, `.${hostname()}-${process.pid}.user`);
}
