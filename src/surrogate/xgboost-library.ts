/** Finds the XGBoost library that the user has; cole ships none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ColeError } from '../base/index.js';
import { native } from '../native/index.js';

/** What the system's loader may know it as; Debian's package without headers has the second. */
const loaderNames = process.platform === 'darwin' ? ['libxgboost.dylib'] : ['libxgboost.so', 'libxgboost.so.0'];

/** Prints where Python's package has it. The package itself is not imported: that takes a second. */
const script = `
import importlib.util, os
spec = importlib.util.find_spec("xgboost")
print(os.path.join(os.path.dirname(spec.origin), "lib", "${loaderNames[0]}") if spec and spec.origin else "")
`;

let found: string | undefined;

/**
 * Path or loader's name of the library: what COLE_XGBOOST says, else that of Python's package xgboost, else one that the
 * loader finds. Throws ERR_ADDON saying how to install it.
 */
export function xgboostLibrary(): string {
  found ??= look();
  return found;
}

function look(): string {
  const told = process.env.COLE_XGBOOST;
  if (told) {
    native().xgboostVersion(told);
    return told;
  }
  const reasons: string[] = [];
  for (const candidate of [...ofPython(), ...loaderNames]) {
    try {
      native().xgboostVersion(candidate);
      return candidate;
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new ColeError(
    'ERR_ADDON',
    `expected the XGBoost library for head xgboost, which is no part of cole; install it with: pip install xgboost, or: apt-get install libxgboost0; or set COLE_XGBOOST to its path. Tried: ${reasons.join('; ')}`,
  );
}

function ofPython(): string[] {
  const pythons = process.env.COLE_PYTHON ? [process.env.COLE_PYTHON] : ['python3', 'python'];
  return pythons.flatMap((python) => {
    const { stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const path = stdout?.trim();
    return path && existsSync(path) ? [path] : [];
  });
}
