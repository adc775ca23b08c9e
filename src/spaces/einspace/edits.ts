/**
 * Edits of derivations. A node is drawn uniformly among the nodes as written, a repeated module counting once. A module is
 * drawn anew with all that is in it; a terminal is replaced by another one of its place. One course judges the edit: it goes
 * to the node, through what takes its place, and through what comes after; where something no longer fits, or a limit is
 * passed, the edit is drawn again.
 */
import type { Rng } from '../../base/index.js';
import { type Course, courseOf, modulePlace, nodePlaces, over } from './course.js';
import { branchFactor, firstTerminal, operationCount, places } from './grammar.js';
import { type Network, traceOf } from './network.js';
import { Sampler } from './sampler.js';
import type { Settings } from './settings.js';
import { isOffered } from './shapes.js';
import { childCount } from './text.js';

const mutationTries = 100;
const crossoverTries = 10;

export function mutated(network: Network, rng: Rng, drawRoot: () => Network): Network {
  const { settings, code } = network;
  const sampler = samplerOf(settings);
  for (let tries = 0; tries < mutationTries; tries++) {
    const at = rng.int(code.length);
    const course = courseTo(network, at);
    const piece = course.place <= modulePlace ? redrawn(sampler, rng, course) : replaced(rng, course, code[at]!);
    if (piece === undefined) continue;
    const end = endOf(code, at);
    if (isEqual(piece, code.subarray(at, end))) continue;
    if (course.through(piece, 0, piece.length) && isEndWithin(course, settings, code, end))
      return { settings, code: splice(code, at, end, piece) };
  }
  // Where nothing of a network can be edited alone, the edit is that of the root.
  for (;;) {
    const other = drawRoot();
    if (!isEqual(other.code, code)) return other;
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

/** Ready for a node of the network. */
function courseTo(network: Network, at: number): Course {
  const course = courseOf(network.settings);
  course.begin();
  course.ready();
  // Says what is wrong with what is no network.
  if (!course.through(network.code, 0, at)) traceOf(network);
  return course;
}

/** A new subtree in the place of a module, undefined if the draw passed a limit. */
function redrawn(sampler: Sampler, rng: Rng, { depth, x }: Course): Uint8Array | undefined {
  const drawn = sampler.draw(rng, { root: depth === 0, depth, input: x });
  return typeof drawn === 'string' ? undefined : drawn;
}

function replaced(rng: Rng, course: Course, op: number): Uint8Array | undefined {
  const others = alternatives(course, op);
  return others.length === 0 ? undefined : Uint8Array.of(rng.pick(others));
}

/** By place, then by operation: the others of the place. A branch function keeps its factor, which the tree depends on. */
const othersOf: readonly (readonly number[])[] = nodePlaces.flatMap((place) => {
  const ops = place === 'root' || place === 'module' ? [] : places[place];
  return Array.from({ length: operationCount }, (_, own) =>
    ops.filter((op) => op !== own && branchFactor[op] === branchFactor[own]),
  );
});

/** Those that are offered for the terminal that comes next, which is `op`. */
function alternatives({ place, x }: Course, op: number): readonly number[] {
  const others = othersOf[place * operationCount + op]!;
  return others.every((other) => isOffered(other, x)) ? others : others.filter((other) => isOffered(other, x));
}

/** Every network that differs in one terminal, by position, then in the order of the grammar. */
export function neighboursOf(network: Network): Network[] {
  const { settings, code } = network;
  const found: Network[] = [];
  for (let at = 0; at < code.length; at++) {
    if (code[at]! < firstTerminal) continue;
    for (const op of alternatives(courseTo(network, at), code[at]!)) {
      const edited = code.slice();
      edited[at] = op;
      if (isWithin(settings, edited)) found.push({ settings, code: edited });
    }
  }
  return found;
}

/** Exchanges two modules, neither of them a root, and takes the first child that fits and is new; else the first parent. */
export function crossed(a: Network, b: Network, rng: Rng): Network {
  const [modulesA, modulesB] = [innerModulesOf(a.code), innerModulesOf(b.code)];
  for (let tries = 0; tries < crossoverTries; tries++) {
    const atA = rng.pick(modulesA);
    const atB = rng.pick(modulesB);
    const [endA, endB] = [endOf(a.code, atA), endOf(b.code, atB)];
    const children = [
      splice(a.code, atA, endA, b.code.subarray(atB, endB)),
      splice(b.code, atB, endB, a.code.subarray(atA, endA)),
    ];
    for (const code of children)
      if (!isEqual(code, a.code) && !isEqual(code, b.code) && isWithin(a.settings, code)) return { ...a, code };
  }
  return a;
}

/** Positions of modules below the root; every root has at least one. */
function innerModulesOf(code: Uint8Array): number[] {
  return [...code.keys()].filter((at) => at > 0 && code[at]! < firstTerminal);
}

/** Whether the bytes are a network within the limits. */
function isWithin(settings: Settings, code: Uint8Array): boolean {
  const course = courseOf(settings);
  course.begin();
  course.ready();
  return isEndWithin(course, settings, code, 0);
}

/** Whether the code from `from` on completes a network within the limits. */
function isEndWithin(course: Course, { limits }: Settings, code: Uint8Array, from: number): boolean {
  return (
    course.through(code, from, code.length) &&
    course.place === over &&
    course.nodes <= limits.maxNodes &&
    course.parameters <= limits.maxParameters &&
    course.elements <= limits.maxElements &&
    course.nesting <= limits.maxDepth + 1
  );
}

/** Position after the last byte of a subtree. */
function endOf(code: Uint8Array, start: number): number {
  let at = start;
  for (let missing = 1; missing > 0; at++) missing += (code[at]! < firstTerminal ? childCount(code, at) : 0) - 1;
  return at;
}

function splice(code: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(code.length - (to - from) + piece.length);
  out.set(code.subarray(0, from));
  out.set(piece, from);
  out.set(code.subarray(to), from + piece.length);
  return out;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((op, at) => op === b[at]);
}
