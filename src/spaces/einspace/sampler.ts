/**
 * Draws derivations by the probabilistic grammar, with local backtracking: where a branching finds no aggregation for its
 * branches, it is struck from the options of that place and the place is drawn again. Nothing else can fail, because every
 * other terminal is drawn among those that fit. An explicit stack in flat arrays, so no depth overflows anything, and no
 * object is made per node. A limit that is passed ends the draw; the reason goes to whoever asked.
 */
import type { Rng } from '../../base/index.js';
import {
  branchFactor,
  branching,
  computation,
  computationChance,
  innerModules,
  isWindow,
  places,
  routing,
  sequential,
} from './grammar.js';
import { Offers } from './offers.js';
import type { Settings } from './settings.js';
import { apply, type Surroundings, Tensor, windowsAlong } from './shapes.js';

export type Rejection = 'nodes' | 'parameters' | 'elements';

/** Where a subtree is drawn. */
export interface Start {
  /** Whether a bare computation may stand there; not at the root. */
  readonly root: boolean;
  readonly depth: number;
  readonly input: Tensor;
}

/** A module of which some children are still to come. */
class Frame {
  kind = 0;
  /** Children that are complete. */
  done = 0;
  /** Where the module starts in the code. */
  start = 0;
  root = false;
  /** No aggregation fitted a branching that was drawn here. */
  struck = false;
  factor = 0;
  /** How often the module occurs in the network. */
  copies = 1;
  /** Totals when the module began, for backtracking. */
  parameters = 0;
  nodes = 0;
  rows = 0;
  columns = 0;
  readonly input = new Tensor();
  /** Branching: what every branch starts from, and the output of the first one. */
  readonly split = new Tensor();
  readonly firstOutput = new Tensor();
}

const factors = [2, 4, 8];

export class Sampler {
  private readonly settings: Settings;
  private readonly x = new Tensor();
  private readonly frames: Frame[] = [];
  private readonly offers = new Offers();
  private readonly around: { -readonly [Key in keyof Surroundings]: Surroundings[Key] };
  private code = new Uint8Array(1024);
  private length = 0;
  private parameters = 0;
  private nodes = 0;
  private passed: Rejection | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    const strictFold = settings.variant === 'e2';
    this.around = { other: this.x, branches: 1, rows: 0, columns: 0, strictFold };
  }

  /** One draw: the bytes of a derivation, or the limit that it passed. */
  draw(rng: Rng, from: Start): Uint8Array | Rejection {
    this.length = 0;
    this.parameters = 0;
    this.nodes = 0;
    this.passed = undefined;
    this.x.copy(from.input);
    let top = this.open(rng, 0, from, from.root, 1) ? 0 : -1;
    while (top >= 0 && this.passed === undefined) {
      const frame = this.frames[top]!;
      const wanted = frame.kind === sequential ? 2 : frame.kind === routing ? 1 : innerModules(frame.factor);
      if (frame.done < wanted) {
        if (frame.kind === branching && frame.done === 1) {
          frame.firstOutput.copy(this.x);
          this.x.copy(frame.split);
        }
        frame.done++;
        const repeats = frame.kind === branching && wanted === 1 ? frame.factor : 1;
        if (this.open(rng, top + 1, from, false, frame.copies * repeats)) top++;
      } else if (this.finish(rng, frame)) {
        top--;
      } else {
        this.rewind(frame);
        if (!this.begin(rng, frame, false)) top--;
      }
    }
    return this.passed ?? this.code.slice(0, this.length);
  }

  /** Starts a module at the end of the code; false if it is a computation, which is complete at once. */
  private open(rng: Rng, level: number, from: Start, root: boolean, copies: number): boolean {
    let frame = this.frames[level];
    if (frame === undefined) {
      frame = new Frame();
      this.frames.push(frame);
    }
    frame.root = root;
    frame.copies = copies;
    frame.struck = false;
    frame.input.copy(this.x);
    frame.start = this.length;
    frame.parameters = this.parameters;
    frame.nodes = this.nodes;
    return this.begin(rng, frame, from.depth + level >= this.settings.limits.maxDepth);
  }

  /** Draws the kind of a module and its first terminal; false if that is all of it. */
  private begin(rng: Rng, frame: Frame, leaf: boolean): boolean {
    frame.done = 0;
    frame.rows = 0;
    frame.factor = 0;
    frame.kind = leaf ? computation : this.drawModule(rng, frame);
    this.push(frame.kind, frame.copies);
    if (frame.kind === computation) {
      this.take(places.function[rng.int(places.function.length)]!, frame.copies);
      return false;
    }
    if (frame.kind === routing) {
      const op = pick(rng, this.offers.pre(this.x, this.around));
      if (isWindow[op] === 1) {
        frame.rows = windowsAlong(op, this.x.d2);
        frame.columns = windowsAlong(op, this.x.d3);
      }
      this.take(op, frame.copies);
    } else if (frame.kind === branching) {
      const op = pick(rng, this.offers.branch(frame.factor, this.x, this.around));
      frame.factor = branchFactor[op]!;
      this.take(op, frame.copies);
      frame.split.copy(this.x);
    }
    return true;
  }

  /** The rest of the chance beside computations goes in equal parts to the three other kinds, or to those not struck. */
  private drawModule(rng: Rng, frame: Frame): number {
    let u = rng.float();
    if (!frame.root) {
      if (u < computationChance) return computation;
      u = (u - computationChance) / (1 - computationChance);
    }
    if (this.settings.variant === 'e1') {
      const kind = Math.floor(u * (frame.struck ? 2 : 3));
      return kind === 0 ? sequential : kind === 1 ? routing : branching;
    }
    // Variant e2 draws the factor together with the kind, a ninth each; only the factor 2 can be struck.
    const ninth = Math.floor(u * (frame.struck ? 8 : 9));
    if (ninth < 3) return sequential;
    if (ninth < 6) return routing;
    frame.factor = factors[ninth - (frame.struck ? 5 : 6)]!;
    return branching;
  }

  /** Last terminal of a module whose children are there; false if none fits. */
  private finish(rng: Rng, frame: Frame): boolean {
    const { around } = this;
    if (frame.kind === sequential) return true;
    if (frame.kind === routing) {
      around.rows = frame.rows;
      around.columns = frame.columns;
      this.take(pick(rng, this.offers.post(this.x, this.around)), frame.copies);
      return true;
    }
    // The aggregation takes the first output as its input and the last one as the other.
    around.branches = frame.factor;
    around.other = frame.factor === 2 ? frame.split : this.x;
    if (frame.factor === 2) {
      frame.split.copy(this.x);
      this.x.copy(frame.firstOutput);
    }
    const joints = this.offers.aggregation(this.x, around);
    if (joints.length === 0) return false;
    this.take(pick(rng, joints), frame.copies);
    return true;
  }

  private rewind(frame: Frame): void {
    this.length = frame.start;
    this.parameters = frame.parameters;
    this.nodes = frame.nodes;
    this.x.copy(frame.input);
    frame.struck = true;
  }

  private take(op: number, copies: number): void {
    this.push(op, copies);
    const { limits } = this.settings;
    this.parameters += copies * apply(op, this.x, this.around);
    if (this.parameters > limits.maxParameters) this.passed ??= 'parameters';
    if (this.x.elements > limits.maxElements) this.passed ??= 'elements';
  }

  private push(op: number, copies: number): void {
    if (this.length === this.code.length) {
      const longer = new Uint8Array(2 * this.length);
      longer.set(this.code);
      this.code = longer;
    }
    this.code[this.length++] = op;
    this.nodes += copies;
    if (this.nodes > this.settings.limits.maxNodes) this.passed ??= 'nodes';
  }
}

function pick(rng: Rng, ops: Uint8Array): number {
  return ops[rng.int(ops.length)]!;
}
