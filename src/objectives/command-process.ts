/**
 * A program with everything that it starts, as one thing that can be ended. It runs in a process group of its own, beside a
 * watcher that ends the group when this process is gone in whatever way: nothing goes on training for nobody. What has left
 * the group is found by a mark in its environment, where there is a /proc to look into.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The end of descriptor 3 is the end of whoever started this. `$$` is the group's leader in the subshell too. */
const watched = `{ trap '' TERM INT HUP; read -r line; kill -KILL -$$; } <&3 >/dev/null 2>&1 & exec 3<&-; eval "$1"`;

const mark = 'COLE_TRAINING';
const windows = process.platform === 'win32';

export interface StartOptions {
  /** Of the run and of this start: what carries it belongs to the tree. */
  readonly mark: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard input, output and error. */
  readonly stdio: readonly ['ignore' | 'pipe', number | 'pipe', number | 'pipe'];
}

export class ProcessTree {
  readonly child: ChildProcess;
  /** How the program ended, in words; undefined for exit code 0. What it left running may still run. */
  readonly ended: Promise<string | undefined>;
  readonly #mark: string;

  constructor(command: string, options: StartOptions) {
    const env = { ...process.env, ...options.env, [mark]: options.mark };
    this.#mark = options.mark;
    this.child = windows
      ? spawn(command, { shell: true, env, stdio: [...options.stdio], windowsHide: true })
      : spawn('/bin/sh', ['-c', watched, 'cole', command], { detached: true, env, stdio: [...options.stdio, 'pipe'] });
    // A program that is gone before it reads.
    this.child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve(`did not start: ${error.message}`));
      this.child.on('exit', (code, signal) => {
        if (code === 0) resolve(undefined);
        else resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
      });
    });
  }

  /** Whether the program has ended. */
  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends the tree and waits until its first process is gone. */
  async stop(): Promise<void> {
    this.kill();
    await this.ended;
  }

  /** Ends what is left of the tree now. */
  kill(): void {
    const { pid } = this.child;
    if (pid !== undefined) killGroup(pid);
    killMarked(this.#mark);
    for (const pipe of this.child.stdio) pipe?.destroy();
  }
}

function killGroup(pid: number): void {
  if (windows) {
    spawnSync('taskkill', ['/pid', `${pid}`, '/T', '/F'], { windowsHide: true });
    return;
  }
  try {
    // The watcher keeps the group, so its number is not another's by now.
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** Ends every process of this user whose mark begins so. Repeated while there are any: one may start another meanwhile. */
export function killMarked(prefix: string): void {
  if (process.platform !== 'linux') return;
  const wanted = `${mark}=${prefix}`;
  for (let round = 0; round < 10; round++) {
    const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isMarked(pid, wanted));
    for (const pid of found) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Gone by itself.
      }
    }
    if (found.length === 0) return;
  }
}

/** False for what cannot be looked at: another user's, or gone. A dead process that nobody waited for has no environment. */
function isMarked(pid: string, wanted: string): boolean {
  if (Number(pid) === process.pid) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .some((entry) => entry.startsWith(wanted));
  } catch {
    return false;
  }
}
