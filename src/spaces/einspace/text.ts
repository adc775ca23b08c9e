/**
 * Derivations as strings. The compact form joins children by `, ` in brackets that show the kind of module; a repeated
 * module is written once. The long form has square brackets only and the output shape behind every terminal.
 */

import type { Variant } from './grammar.js';
import {
  branchFactor,
  branching,
  computation,
  firstTerminal,
  routing,
  sequential,
  type Terminal,
  terminalOf,
} from './grammar.js';
import type { Network } from './network.js';
import { shapeAt, type Trace } from './trace.js';

const opening: Readonly<Record<number, string>> = {
  [sequential]: 'sequential(',
  [routing]: 'routing[',
  [computation]: 'computation<',
};
const closing: Readonly<Record<number, string>> = {
  [sequential]: ')',
  [branching]: '}',
  [routing]: ']',
  [computation]: '>',
};

/** Children of a module, counted from its own byte. */
export function childCount(code: Uint8Array, at: number): number {
  const kind = code[at]!;
  if (kind === sequential) return 2;
  if (kind === computation) return 1;
  if (kind === routing) return 3;
  return branchFactor[code[at + 1]!] === 2 ? 4 : 3;
}

/** A terminal by name; an aggregation by the number of branches that it joins. */
export function terminalText(op: number, branches: number, variant: Variant): string {
  const { kind, args }: Terminal = terminalOf(op);
  switch (kind) {
    case 'permute':
      return `perm(0,${args.join(',')})`;
    case 'relu':
      return variant === 'e2' ? 'relu' : 'leakyrelu';
    case 'position':
      return 'pos_enc';
    case 'dot':
      return 'dot_product';
    case 'scaled':
      return 'dot_product(scaled)';
    case 'add':
      return `add(${branches})`;
    case 'cat':
      return `cat(${branches},${args[0]})`;
    default:
      return args.length === 0 ? kind : `${kind}(${args.join(',')})`;
  }
}

export function printCompact({ code, settings }: Network): string {
  return write(code, settings.variant, opening, closing, () => '');
}

export function printLong({ settings }: Network, trace: Trace): string {
  const open = { [sequential]: 'sequential[', [routing]: 'routing[', [computation]: 'computation[' };
  const close = { [sequential]: ']', [branching]: ']', [routing]: ']', [computation]: ']' };
  return write(
    trace.code,
    settings.variant,
    open,
    close,
    (at) => `{'out_feature_shape': [${shapeAt(trace.output, at).join(', ')}]}`,
  );
}

function write(
  code: Uint8Array,
  variant: Variant,
  open: Readonly<Record<number, string>>,
  close: Readonly<Record<number, string>>,
  after: (at: number) => string,
): string {
  const parts: string[] = [];
  const modules: number[] = [];
  const missing: number[] = [];
  const branches: number[] = [];
  for (let at = 0; at < code.length; at++) {
    const op = code[at]!;
    if (op < firstTerminal) {
      const factor = op === branching ? branchFactor[code[at + 1]!]! : 0;
      const bracket = open[sequential]!.at(-1) === '[' ? '[' : '{';
      parts.push(op === branching ? `branching(${factor})${bracket}` : open[op]!);
      modules.push(op);
      missing.push(childCount(code, at));
      branches.push(factor);
      continue;
    }
    parts.push(terminalText(op, branches.at(-1)!, variant), after(at));
    while (modules.length > 0) {
      const left = missing[missing.length - 1]! - 1;
      missing[missing.length - 1] = left;
      if (left > 0) {
        parts.push(', ');
        break;
      }
      parts.push(close[modules.pop()!]!);
      missing.pop();
      branches.pop();
    }
  }
  return parts.join('');
}
