/** Runs the built command line as a child process, the way a user's shell does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cli = join(projectRoot, 'dist', 'cli', 'main.js');

export interface Result {
  /** Exit code, or null where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** No COLE_ setting of the developer's shell reaches the child, but the ones that say where things lie. */
function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = new Set(['COLE_HOME', 'COLE_ADDON', 'COLE_SHARED', 'COLE_PYTHON']);
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('COLE_') || kept.has(name)),
  );
  return { ...env, NO_COLOR: '1', ...extra };
}

export function cole(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return start(args, options).result;
}

/** The child at once, for a test that signals it. */
export function start(
  args: readonly string[],
  options: RunOptions = {},
): { child: ChildProcess; result: Promise<Result> } {
  const child = spawn(process.execPath, [cli, ...args], { cwd: options.cwd, env: environment(options.env) });
  return { child, result: collect(child, options) };
}

/** When the child has written that to standard error; never where it ends without. */
export function told(child: ChildProcess, words: string): Promise<void> {
  let said = '';
  return new Promise((resolve) => {
    child.stderr!.on('data', (text: string) => {
      said += text;
      if (said.includes(words)) resolve();
    });
  });
}

/** A line of bash in which `cole` is the command. */
export function shell(line: string, options: RunOptions = {}): Promise<Result> {
  const script = `set -o pipefail\ncole() { "${process.execPath}" "${cli}" "$@"; }\n${line}`;
  return collect(spawn('bash', ['-c', script], { cwd: options.cwd, env: environment(options.env) }), options);
}

function collect(child: ChildProcess, { input }: RunOptions): Promise<Result> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    // A command that refuses its options is gone before it reads.
    child.stdin!.on('error', () => {});
    child.stdin!.end(input ?? '');
  });
}

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cole-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
