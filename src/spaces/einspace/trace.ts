/**
 * Follows a derivation through the grammar and through the shapes, node by node in pre-order: the one place that decides
 * whether bytes are a network. Everything else (text, code, costs, edits) reads the arrays made here. A stack of its own,
 * so that depth is bounded by memory alone.
 */
import {
  branchFactor,
  branching,
  computation,
  firstTerminal,
  innerModules,
  operationCount,
  type Place,
  places,
  routing,
  sequential,
  terminalOf,
} from './grammar.js';
import type { Settings } from './settings.js';
import { apply, fits, type Surroundings, Tensor, windowsAlong } from './shapes.js';

export type NodePlace = 'root' | 'module' | Place;

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
  /** Variant e2: the input came out of col2im. */
  readonly folded: Uint8Array;
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

/** Sizes beyond this would not be exact. */
const exactElements = 2 ** 50;

/** Ten doubles, three integers and a flag. */
const bytesOfNode = 93;

/** In the place of tensors that branchings alone have. */
const unused = new Tensor();

interface Open {
  readonly at: number;
  done: number;
  rows: number;
  columns: number;
  readonly split: Tensor;
  readonly firstOutput: Tensor;
}

const allowed = Object.fromEntries(
  Object.entries(places).map(([place, ops]) => [
    place,
    Uint8Array.from({ length: operationCount }, (_, op) => Number(ops.includes(op))),
  ]),
) as Record<Place, Uint8Array>;

/** The trace, or the first node that does not fit. */
export function follow(settings: Settings, code: Uint8Array): Trace | Misfit {
  const walker = new Walker(settings, code);
  return walker.run();
}

/** Shape of a node from `input` or `output` of a trace. */
export function shapeAt(shapes: Float64Array, node: number): number[] {
  return [...shapes.subarray(4 * node + 1, 4 * node + 1 + shapes[4 * node]!)];
}

export function isTrace(result: Trace | Misfit): result is Trace {
  return 'parameters' in result;
}

class Walker {
  private readonly code: Uint8Array;
  private readonly x = new Tensor();
  private readonly open: Open[] = [];
  private readonly around: { -readonly [Key in keyof Surroundings]: Surroundings[Key] };
  private readonly trace: { -readonly [Key in keyof Trace]: Trace[Key] } & { place: NodePlace[] };
  private misfit: Misfit | undefined;

  constructor(settings: Settings, code: Uint8Array) {
    const { length } = code;
    this.code = code;
    this.around = { other: this.x, branches: 1, rows: 0, columns: 0, strictFold: settings.variant === 'e2' };
    setInput(this.x, settings.input);
    // One piece of memory for all arrays: making ten of them took longer than the walk.
    const memory = new ArrayBuffer(bytesOfNode * length);
    const doubles = (from: number, count: number) => new Float64Array(memory, 8 * from * length, count * length);
    const integers = (from: number) => new Int32Array(memory, (80 + 4 * from) * length, length);
    this.trace = {
      code,
      place: [],
      input: doubles(0, 4),
      output: doubles(4, 4),
      copies: doubles(8, 1),
      owned: doubles(9, 1),
      parent: integers(0),
      end: integers(1),
      depth: integers(2),
      folded: new Uint8Array(memory, 92 * length, length),
      parameters: 0,
      nodes: 0,
      elements: this.x.elements,
      nesting: 0,
    };
  }

  run(): Trace | Misfit {
    const { code, open } = this;
    let at = 0;
    do {
      const place = this.nextPlace();
      if (place === undefined) {
        this.close(at);
        continue;
      }
      if (at >= code.length) return { at, expected: `more: the ${place} is missing` };
      this.node(at, place);
      if (this.misfit) return this.misfit;
      at++;
    } while (open.length > 0);
    return at === code.length ? this.trace : { at, expected: 'the end' };
  }

  /** What the innermost open module wants next, undefined if it is complete. */
  private nextPlace(): NodePlace | undefined {
    const top = this.open.at(-1);
    if (top === undefined) return 'root';
    const kind = this.code[top.at]!;
    const { done } = top;
    if (kind === sequential) return done < 2 ? 'module' : undefined;
    if (kind === computation) return done < 1 ? 'function' : undefined;
    if (kind === routing) return (['pre', 'module', 'post'] as const)[done];
    if (done === 0) return 'branch';
    const inner = innerModules(branchFactor[this.code[top.at + 1]!]!);
    return done <= inner ? 'module' : done === inner + 1 ? 'aggregation' : undefined;
  }

  private node(at: number, place: NodePlace): void {
    const { trace, code, open, x } = this;
    const op = code[at]!;
    const top = open.at(-1);
    const copies = top ? trace.copies[top.at]! * this.repeats(top, place) : 1;
    if (top) {
      this.enterBranch(top);
      top.done++;
    }
    const isModule = place === 'root' || place === 'module';
    trace.place.push(place);
    trace.parent[at] = top?.at ?? -1;
    trace.depth[at] = isModule ? open.length : open.length - 1;
    trace.copies[at] = copies;
    trace.nodes += copies;
    if (isModule) {
      if (op >= firstTerminal || (place === 'root' && op === computation)) {
        const bare = place === 'root' ? 'a sequential, branching or routing' : 'a module';
        this.misfit = { at, expected: bare };
        return;
      }
      record(trace.input, at, x);
      trace.folded[at] = Number(x.folded);
      trace.nesting = Math.max(trace.nesting, open.length + 1);
      const [split, firstOutput] = op === branching ? [new Tensor(), new Tensor()] : [unused, unused];
      open.push({ at, done: 0, rows: 0, columns: 0, split, firstOutput });
    } else this.terminal(at, op, place, top!);
  }

  private terminal(at: number, op: number, place: Place, top: Open): void {
    const { trace, x, around } = this;
    if (allowed[place][op] !== 1) {
      this.misfit = { at, expected: `an operation for the place of a ${place}` };
      return;
    }
    if (place === 'aggregation') this.aggregate(top);
    around.rows = top.rows;
    around.columns = top.columns;
    record(trace.input, at, x);
    if (!fits(op, x, around)) {
      this.misfit = { at, expected: `an operation that fits ${describe(x, place, around)}` };
      return;
    }
    if (place === 'pre' && terminalOf(op).kind === 'im2col') {
      top.rows = windowsAlong(op, x.d2);
      top.columns = windowsAlong(op, x.d3);
    }
    trace.owned[at] = apply(op, x, around);
    trace.parameters += trace.copies[at]! * trace.owned[at]!;
    trace.elements = Math.max(trace.elements, x.elements);
    if (x.elements > exactElements || trace.parameters > exactElements)
      this.misfit = { at, expected: `at most 2^50 values and parameters` };
    record(trace.output, at, x);
    trace.end[at] = at + 1;
    if (place === 'branch') top.split.copy(x);
  }

  private repeats(top: Open, place: NodePlace): number {
    if (place !== 'module' || this.code[top.at] !== branching) return 1;
    const factor = branchFactor[this.code[top.at + 1]!]!;
    return innerModules(factor) === 1 ? factor : 1;
  }

  /** The second branch starts from what the branch function left. */
  private enterBranch(top: Open): void {
    if (this.code[top.at] !== branching || top.done !== 2) return;
    if (innerModules(branchFactor[this.code[top.at + 1]!]!) === 1) return;
    top.firstOutput.copy(this.x);
    this.x.copy(top.split);
  }

  /** The aggregation takes the first output as its input and the second one as the other. */
  private aggregate(top: Open): void {
    const { around, x } = this;
    around.branches = branchFactor[this.code[top.at + 1]!]!;
    around.other = x;
    if (around.branches !== 2) return;
    top.split.copy(x);
    around.other = top.split;
    x.copy(top.firstOutput);
  }

  private close(end: number): void {
    const { at } = this.open.pop()!;
    this.trace.end[at] = end;
    record(this.trace.output, at, this.x);
  }
}

export function setInput(x: Tensor, shape: readonly number[]): void {
  x.set(shape.length, shape[0]!, shape[1]!, shape[2] ?? 1, false);
}

function record(into: Float64Array, at: number, x: Tensor): void {
  into[4 * at] = x.rank;
  into[4 * at + 1] = x.d1;
  into[4 * at + 2] = x.d2;
  into[4 * at + 3] = x.d3;
}

function describe(x: Tensor, place: Place, around: Surroundings): string {
  const one = `[${x.shape.join(', ')}]`;
  if (place === 'aggregation' && around.branches === 2)
    return `branches of shape ${one} and [${around.other.shape.join(', ')}]`;
  if (place === 'post' && around.rows > 0) return `${one} after im2col to ${around.rows} x ${around.columns}`;
  return one;
}
