/**
 * Goes through a derivation in pre-order, keeping grammar and shapes in step: the one place that decides whether bytes are a
 * network. It keeps what is open and totals of what is behind, and makes no object per node, so that an edit is judged by
 * going through it once; who wants to know about every node (trace.ts) writes down what passes. A stack of its own, so that
 * depth is bounded by memory alone.
 */
import {
  branchFactor,
  branching,
  computation,
  firstTerminal,
  innerModules,
  isWindow,
  operationCount,
  places,
} from './grammar.js';
import type { Settings } from './settings.js';
import { apply, fits, type Surroundings, Tensor, windowsAlong } from './shapes.js';

/** Where a node may stand; the index is the number by which a course calls it. */
export const nodePlaces = ['root', 'module', 'branch', 'aggregation', 'pre', 'post', 'function'] as const;
export type NodePlace = (typeof nodePlaces)[number];

const numberOf = (place: NodePlace) => nodePlaces.indexOf(place);
export const modulePlace = 1;
const [rootPlace, branchPlace, aggregationPlace, prePlace] = [0, 2, 3, 4] as const;
/** In the place of a place: the innermost module has all its children. */
export const complete = 7;
/** The root is complete. */
export const over = 8;

/** Why a node is refused. */
export const ok = 0;
export const noModule = 1;
export const notOfPlace = 2;
export const unfit = 3;
export const tooLarge = 4;

/** Sizes beyond this would not be exact. */
const exactElements = 2 ** 50;

/** Most places that a module wants, its end counted. */
const longest = 5;
const orders: readonly (readonly NodePlace[])[] = [
  ['module', 'module'],
  ['branch', 'module', 'aggregation'],
  ['pre', 'module', 'post'],
  ['function'],
  ['branch', 'module', 'module', 'aggregation'],
];
/** Order of a branching by 2; the others have the byte of their module. It is told apart once its function is there. */
const twoBranches = 4;
/** What a module of an order wants after so many children, one row for each order. */
const wanted = new Uint8Array(orders.length * longest).fill(complete);
orders.forEach((order, row) => {
  order.forEach((place, at) => {
    wanted[row * longest + at] = numberOf(place);
  });
});

/** By place, then by operation. */
const allowed = new Uint8Array(nodePlaces.length * operationCount);
for (const [place, ops] of Object.entries(places))
  for (const op of ops) allowed[numberOf(place as NodePlace) * operationCount + op] = 1;

/** A module that is open. */
class Frame {
  /** Which node it is, in the order of the course. */
  at = 0;
  order = 0;
  /** Children that have begun. */
  done = 0;
  /** Branches, 0 before they are known and in other modules. */
  factor = 0;
  /** How often the module occurs in the network. */
  copies = 1;
  /** What an im2col left, for the col2im of the same routing. */
  rows = 0;
  columns = 0;
  /** Branchings: what every branch starts from, and the output of the first one. */
  readonly split = new Tensor();
  readonly firstOutput = new Tensor();
}

export class Course {
  /** Input of the node that is next, once `next` has said so; after a terminal its output. */
  readonly x = new Tensor();
  /** What the terminal that is next would see beside it. */
  readonly around: { -readonly [Key in keyof Surroundings]: Surroundings[Key] };
  /** Of the node that is next, or `complete` or `over`. */
  place: number = rootPlace;
  /** Modules that are open. */
  depth = 0;
  /** Nodes that were taken. */
  taken = 0;
  /** Over all copies, as are nodes and parameters below. */
  nodes = 0;
  parameters = 0;
  /** Of the largest tensor. */
  elements = 0;
  /** Of the deepest module, the root counting 1. */
  nesting = 0;
  /** Of the last node: how often it occurs, and its own parameters. */
  copies = 1;
  owned = 0;
  private readonly input: readonly number[];
  private readonly frames: Frame[] = [];

  constructor(settings: Settings) {
    this.input = settings.input;
    this.around = { other: this.x, branches: 1, rows: 0, columns: 0, strictFold: settings.variant === 'e2' };
  }

  begin(): void {
    setInput(this.x, this.input);
    this.depth = 0;
    this.taken = 0;
    this.nodes = 0;
    this.parameters = 0;
    this.elements = this.x.elements;
    this.nesting = 0;
  }

  /** Comes to the node that is next, out of modules that are complete. */
  ready(): void {
    while (this.next() === complete) this.leave();
  }

  /** Takes code[from, to) and is ready for what comes then; false where an operation is refused. */
  through(code: Uint8Array, from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      if (this.place === over || this.take(code[at]!) !== ok) return false;
      this.ready();
    }
    return true;
  }

  /** The place of the node that is next, `complete` or `over`. Called once for every node: it moves from branch to branch. */
  next(): number {
    if (this.depth === 0) {
      this.place = this.taken === 0 ? rootPlace : over;
      return this.place;
    }
    const frame = this.frames[this.depth - 1]!;
    const place = wanted[frame.order * longest + frame.done]!;
    this.place = place;
    if (place === modulePlace && frame.order === twoBranches && frame.done === 2) {
      frame.firstOutput.copy(this.x);
      this.x.copy(frame.split);
    } else if (place === aggregationPlace) this.aggregate(frame);
    return place;
  }

  /** Leaves the module that is complete and says which node it was. */
  leave(): number {
    return this.frames[--this.depth]!.at;
  }

  /** The module that is innermost, as a node; -1 before the root. */
  get parent(): number {
    return this.depth === 0 ? -1 : this.frames[this.depth - 1]!.at;
  }

  /** Takes an operation for the place that `next` gave, or says why not; after a refusal the course is of no more use. */
  take(op: number): number {
    const { place, depth } = this;
    if (depth === 0) this.copies = 1;
    else {
      const top = this.frames[depth - 1]!;
      top.done++;
      this.copies = place === modulePlace && top.order === branching ? top.copies * top.factor : top.copies;
    }
    this.nodes += this.copies;
    return place <= modulePlace ? this.open(op) : this.terminal(op);
  }

  private open(op: number): number {
    if (op >= firstTerminal || (this.depth === 0 && op === computation)) return noModule;
    let frame = this.frames[this.depth];
    if (frame === undefined) {
      frame = new Frame();
      this.frames.push(frame);
    }
    this.depth++;
    if (this.depth > this.nesting) this.nesting = this.depth;
    frame.at = this.taken++;
    frame.order = op;
    frame.done = 0;
    frame.factor = 0;
    frame.copies = this.copies;
    frame.rows = 0;
    frame.columns = 0;
    return ok;
  }

  private terminal(op: number): number {
    const { place, x, around } = this;
    if (allowed[place * operationCount + op] !== 1) return notOfPlace;
    const top = this.frames[this.depth - 1]!;
    around.rows = top.rows;
    around.columns = top.columns;
    if (!fits(op, x, around)) return unfit;
    if (place === prePlace && isWindow[op] === 1) {
      top.rows = windowsAlong(op, x.d2);
      top.columns = windowsAlong(op, x.d3);
    }
    this.owned = apply(op, x, around);
    this.parameters += this.copies * this.owned;
    const { elements } = x;
    if (elements > this.elements) this.elements = elements;
    if (elements > exactElements || this.parameters > exactElements) return tooLarge;
    if (place === branchPlace) {
      top.factor = branchFactor[op]!;
      if (innerModules(top.factor) === 2) top.order = twoBranches;
      top.split.copy(x);
    }
    this.taken++;
    return ok;
  }

  /** The aggregation takes the first output as its input and the second one as the other. */
  private aggregate(frame: Frame): void {
    const { around, x } = this;
    around.branches = frame.factor;
    around.other = x;
    if (frame.order !== twoBranches) return;
    frame.split.copy(x);
    around.other = frame.split;
    x.copy(frame.firstOutput);
  }
}

/** Kept, since what it is made of is used again. */
const courses = new WeakMap<Settings, Course>();

/** A course for the space, for use until somebody asks for it again. */
export function courseOf(settings: Settings): Course {
  let course = courses.get(settings);
  if (course === undefined) {
    course = new Course(settings);
    courses.set(settings, course);
  }
  return course;
}

export function setInput(x: Tensor, shape: readonly number[]): void {
  x.set(shape.length, shape[0]!, shape[1]!, shape[2] ?? 1, false);
}
