/** Finds and loads the addon, or says what was tried and which command builds it. */
import { createRequire } from 'node:module';
import { ColeError, packageFile } from '../base/index.js';
import { contractAbi, type NativeAddon } from './contract.js';

let loaded: NativeAddon | undefined;

/** The command that compiles the addon, from whatever folder: the package may lie in the node_modules of another one. */
export const buildAddon = `npm --prefix ${/\s/.test(packageFile()) ? `"${packageFile()}"` : packageFile()} run build:native`;
const remedy = `build it with: ${buildAddon}`;

/** Path of the addon: COLE_ADDON, or build/Release/cole.node of this package. */
export function addonPath(): string {
  return process.env.COLE_ADDON ?? packageFile('build', 'Release', 'cole.node');
}

export function native(): NativeAddon {
  if (loaded) return loaded;
  const path = addonPath();
  let addon: NativeAddon;
  let abi: number;
  try {
    addon = createRequire(import.meta.url)(path) as NativeAddon;
    abi = addon.info().abi;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // Node's own message goes on for lines about who asked.
    const reason = code === 'MODULE_NOT_FOUND' ? 'there is none' : message;
    throw new ColeError('ERR_ADDON', `expected the native addon at ${path}, but ${reason}; ${remedy}`, { cause });
  }
  if (abi !== contractAbi)
    throw new ColeError(
      'ERR_ADDON',
      `expected abi ${contractAbi} of the native addon at ${path}, got ${abi}; ${remedy}`,
    );
  loaded = addon;
  return addon;
}
