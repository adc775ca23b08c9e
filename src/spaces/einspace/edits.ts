/**
 * Edits of derivations. A node is drawn uniformly among the nodes as written, a repeated module counting once. A module is
 * drawn anew with all that is in it; a terminal is replaced by another one of its place. Whatever comes after the edit is
 * followed again, and an edit after which something no longer fits, or that passes a limit, is drawn again.
 */
import type { Rng } from '../../base/index.js';
import { branchFactor, firstTerminal, type Place, places } from './grammar.js';
import { type Network, traceOf } from './network.js';
import { Sampler } from './sampler.js';
import type { Settings } from './settings.js';
import { isOffered, Tensor } from './shapes.js';
import { follow, isTrace, type Trace } from './trace.js';

const mutationTries = 100;
const crossoverTries = 10;

export function mutated(network: Network, rng: Rng, drawRoot: () => Network): Network {
  const { settings, code } = network;
  const trace = traceOf(network);
  const sampler = samplerOf(settings);
  for (let tries = 0; tries < mutationTries; tries++) {
    const at = rng.int(code.length);
    const piece = code[at]! < firstTerminal ? redrawn(sampler, rng, trace, at) : replaced(rng, trace, at);
    if (piece === undefined) continue;
    const edited = splice(code, at, trace.end[at]!, piece);
    if (!equal(edited, code) && isWithin(settings, edited)) return { settings, code: edited };
  }
  // Where nothing of a network can be edited alone, the edit is that of the root.
  for (;;) {
    const other = drawRoot();
    if (!equal(other.code, code)) return other;
  }
}

/** Kept, since a sampler remembers what the grammar offers where. */
const samplers = new WeakMap<Settings, Sampler>();

function samplerOf(settings: Settings): Sampler {
  const known = samplers.get(settings);
  if (known) return known;
  const made = new Sampler(settings);
  samplers.set(settings, made);
  return made;
}

/** A new subtree in the place of a module, undefined if the draw passed a limit. */
function redrawn(sampler: Sampler, rng: Rng, trace: Trace, at: number): Uint8Array | undefined {
  const input = inputOf(trace, at);
  const drawn = sampler.draw(rng, { root: at === 0, depth: trace.depth[at]!, input });
  return typeof drawn === 'string' ? undefined : drawn;
}

function inputOf(trace: Trace, at: number): Tensor {
  const input = new Tensor();
  const [rank, d1, d2, d3] = trace.input.subarray(4 * at, 4 * at + 4);
  input.set(rank!, d1!, d2!, d3!, trace.folded[at] === 1);
  return input;
}

function replaced(rng: Rng, trace: Trace, at: number): Uint8Array | undefined {
  const others = alternatives(trace, at);
  return others.length === 0 ? undefined : Uint8Array.of(rng.pick(others));
}

/** Other operations for the place of a terminal; a branch function keeps its factor, which the tree depends on. */
function alternatives(trace: Trace, at: number): number[] {
  const own = trace.code[at]!;
  const input = inputOf(trace, at);
  return places[trace.place[at] as Place].filter(
    (op) => op !== own && branchFactor[op] === branchFactor[own] && isOffered(op, input),
  );
}

/** Every network that differs in one terminal, by position, then in the order of the grammar. */
export function neighboursOf(network: Network): Network[] {
  const { settings, code } = network;
  const trace = traceOf(network);
  const found: Network[] = [];
  for (let at = 0; at < code.length; at++) {
    if (code[at]! < firstTerminal) continue;
    for (const op of alternatives(trace, at)) {
      const edited = code.slice();
      edited[at] = op;
      if (isWithin(settings, edited)) found.push({ settings, code: edited });
    }
  }
  return found;
}

/** Exchanges two modules, neither of them a root, and takes the first child that fits and is new; else the first parent. */
export function crossed(a: Network, b: Network, rng: Rng): Network {
  const [traceA, traceB] = [traceOf(a), traceOf(b)];
  const [modulesA, modulesB] = [innerModulesOf(traceA), innerModulesOf(traceB)];
  for (let tries = 0; tries < crossoverTries; tries++) {
    const atA = rng.pick(modulesA);
    const atB = rng.pick(modulesB);
    const [endA, endB] = [traceA.end[atA]!, traceB.end[atB]!];
    const children = [
      splice(a.code, atA, endA, b.code.subarray(atB, endB)),
      splice(b.code, atB, endB, a.code.subarray(atA, endA)),
    ];
    for (const code of children)
      if (!equal(code, a.code) && !equal(code, b.code) && isWithin(a.settings, code)) return { ...a, code };
  }
  return a;
}

/** Positions of modules below the root; every root has at least one. */
function innerModulesOf({ code }: Trace): number[] {
  return [...code.keys()].filter((at) => at > 0 && code[at]! < firstTerminal);
}

/** Whether the bytes are a network within the limits. */
export function isWithin(settings: Settings, code: Uint8Array): boolean {
  const trace = follow(settings, code);
  if (!isTrace(trace)) return false;
  const { limits } = settings;
  return (
    trace.nodes <= limits.maxNodes &&
    trace.parameters <= limits.maxParameters &&
    trace.elements <= limits.maxElements &&
    trace.nesting <= limits.maxDepth + 1
  );
}

function splice(code: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(code.length - (to - from) + piece.length);
  out.set(code.subarray(0, from));
  out.set(piece, from);
  out.set(code.subarray(to), from + piece.length);
  return out;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
