import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file of this package, such as `build/Release/cole.node` or `data/nas-bench-201-digits.arrow`. */
export function packageFile(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

const packageRoot = findRoot();

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
