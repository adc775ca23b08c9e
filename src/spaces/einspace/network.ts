/** Networks of einspace as immutable values, and the checks that every way in goes through. */
import { ColeError } from '../../base/index.js';
import { operationCount } from './grammar.js';
import type { Settings } from './settings.js';
import { follow, isTrace, type Trace } from './trace.js';

/** A derivation in the space of `settings`; `code` is described in grammar.ts and is not to be written to. */
export interface Network {
  readonly settings: Settings;
  readonly code: Uint8Array;
}

/** Shapes and places of every node. A network that exists fits, so this does not fail. */
export function traceOf(network: Network): Trace {
  const found = follow(network.settings, network.code);
  if (!isTrace(found)) throw new ColeError('ERR_INPUT', `expected ${found.expected} at node ${found.at} of a network`);
  return found;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const letters = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));

/** One letter for each node in pre-order: equal exactly for equal derivations. */
export function keyOf({ code }: Network): string {
  const text = Buffer.allocUnsafe(code.length);
  for (let i = 0; i < code.length; i++) text[i] = letters[code[i]!]!;
  return text.toString('latin1');
}

/** The operations of a key. Undefined for other texts: a key begins with a module, those of derivations with small letters. */
export function codeOfKey(text: string): Uint8Array | undefined {
  if (!/^[A-D]/.test(text)) return undefined;
  const code = Uint8Array.from(text, (letter) => alphabet.indexOf(letter));
  return code.every((op) => op < operationCount) ? code : undefined;
}
