/**
 * What is known about every node of a derivation, written down on one course through it. Everything that looks at a network
 * as a whole (text, code, costs) reads the arrays made here.
 */
import {
  type Course,
  complete,
  courseOf,
  modulePlace,
  type NodePlace,
  nodePlaces,
  noModule,
  notOfPlace,
  ok,
  over,
  unfit,
} from './course.js';
import type { Settings } from './settings.js';
import type { Tensor } from './shapes.js';

export type { NodePlace } from './course.js';

/** What is known about each node; index = position of the node in the code. */
export interface Trace {
  readonly code: Uint8Array;
  readonly place: readonly NodePlace[];
  readonly parent: Int32Array;
  /** Position after the last byte of the subtree. */
  readonly end: Int32Array;
  /** Nesting of modules; the root has 0, a terminal that of its module. */
  readonly depth: Int32Array;
  /** How often the node occurs in the network: inside a branching by 4 or 8 there are as many copies. */
  readonly copies: Float64Array;
  /** Rank and three dimensions per node; the third of a sequence is 1. */
  readonly input: Float64Array;
  readonly output: Float64Array;
  /** Own parameters of one copy. */
  readonly owned: Float64Array;
  /** Over all copies. */
  readonly parameters: number;
  readonly nodes: number;
  /** Of the largest tensor. */
  readonly elements: number;
  /** Of the deepest module, a bare computation counting 1. */
  readonly nesting: number;
}

export interface Misfit {
  readonly at: number;
  readonly expected: string;
}

/** Ten doubles and three integers. */
const bytesOfNode = 92;

/** The trace, or the first node that does not fit. */
export function follow(settings: Settings, code: Uint8Array): Trace | Misfit {
  const arrays = arraysFor(code.length);
  const { parent, end, depth, copies, input, output, owned } = arrays;
  const place: NodePlace[] = [];
  const course = courseOf(settings);
  const { x } = course;
  course.begin();
  for (;;) {
    const wanted = course.next();
    if (wanted === over) break;
    if (wanted === complete) {
      const module = course.leave();
      end[module] = course.taken;
      record(output, module, x);
      continue;
    }
    const at = course.taken;
    if (at >= code.length) return { at, expected: `more: the ${nodePlaces[wanted]} is missing` };
    const isModule = wanted <= modulePlace;
    place.push(nodePlaces[wanted]!);
    parent[at] = course.parent;
    depth[at] = isModule ? course.depth : course.depth - 1;
    record(input, at, x);
    const refused = course.take(code[at]!);
    if (refused !== ok) return { at, expected: expectation(refused, nodePlaces[wanted]!, course) };
    copies[at] = course.copies;
    if (isModule) continue;
    owned[at] = course.owned;
    end[at] = at + 1;
    record(output, at, x);
  }
  if (course.taken < code.length) return { at: course.taken, expected: 'the end' };
  const { parameters, nodes, elements, nesting } = course;
  return { code, place, ...arrays, parameters, nodes, elements, nesting };
}

/** One piece of memory for all arrays: making ten of them took longer than the walk. */
function arraysFor(length: number) {
  const memory = new ArrayBuffer(bytesOfNode * length);
  const doubles = (from: number, count: number) => new Float64Array(memory, 8 * from * length, count * length);
  const integers = (from: number) => new Int32Array(memory, (80 + 4 * from) * length, length);
  return {
    input: doubles(0, 4),
    output: doubles(4, 4),
    copies: doubles(8, 1),
    owned: doubles(9, 1),
    parent: integers(0),
    end: integers(1),
    depth: integers(2),
  };
}

/** Shape of a node from `input` or `output` of a trace. */
export function shapeAt(shapes: Float64Array, node: number): number[] {
  return [...shapes.subarray(4 * node + 1, 4 * node + 1 + shapes[4 * node]!)];
}

export function isTrace(result: Trace | Misfit): result is Trace {
  return 'parameters' in result;
}

function record(into: Float64Array, at: number, x: Tensor): void {
  into[4 * at] = x.rank;
  into[4 * at + 1] = x.d1;
  into[4 * at + 2] = x.d2;
  into[4 * at + 3] = x.d3;
}

/** What would have been taken in the place of what was refused. */
function expectation(refused: number, place: NodePlace, { x, around }: Course): string {
  if (refused === noModule) return place === 'root' ? 'a sequential, branching or routing' : 'a module';
  if (refused === notOfPlace) return `an operation for the place of a ${place}`;
  if (refused !== unfit) return 'at most 2^50 values and parameters';
  const one = `[${x.shape.join(', ')}]`;
  if (place === 'aggregation' && around.branches === 2)
    return `an operation that fits branches of shape ${one} and [${around.other.shape.join(', ')}]`;
  if (place === 'post' && around.rows > 0)
    return `an operation that fits ${one} after im2col to ${around.rows} x ${around.columns}`;
  return `an operation that fits ${one}`;
}
