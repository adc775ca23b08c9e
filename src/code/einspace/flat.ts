/**
 * PyTorch source of an einspace network, one statement for each operation. Runs as it stands after `import torch`,
 * `import torch.nn as nn` and `import torch.nn.functional as F`. Identities leave no statement; branches of a clone read the
 * name they start from. A module repeated four or eight times is written once, in a loop, with a list of weights. Every byte
 * enters embeddings: four spaces, LF, no imports, no newline at the end.
 */
import { einspaceGrammar, type Network, shapeAt, type Trace, traceOf } from '../../spaces/index.js';
import { headLines } from './head.js';
import { convolution, loopLists, moduleText } from './layers.js';

const { branching, firstTerminal, routing, terminalOf } = einspaceGrammar;

export interface FlatOptions {
  /** Writes im2col, linear, col2im as one convolution. */
  readonly peephole: boolean;
  /** Writes the shape behind every statement. */
  readonly shapes: boolean;
  /** Adds the head of the task. */
  readonly head: boolean;
}

export function flat(network: Network, options: FlatOptions): string {
  return new Writer(network, options).write();
}

/** A branching between its branch function and its aggregation. */
interface Split {
  readonly factor: number;
  readonly number: number;
  readonly clone: boolean;
  /** What a clone hands to its branches. */
  readonly source: string;
  /** What the aggregation writes to. */
  readonly target: string;
  /** Value of the first of two branches. */
  first?: string;
  /** The whole aggregation of a repeated module that does nothing. */
  readonly items?: string;
}

class Writer {
  private readonly network: Network;
  private readonly options: FlatOptions;
  private readonly trace: Trace;
  private readonly layers: string[] = [];
  private readonly statements: string[] = [];
  private readonly splits: Split[] = [];
  private readonly loops: { factor: number; number: number }[] = [];
  private owners = 0;
  private branchings = 0;
  /** Name of the current value, and the name that the next statement gives it. */
  private value = 'x';
  private target = 'x';

  constructor(network: Network, options: FlatOptions) {
    this.network = network;
    this.options = options;
    this.trace = traceOf(network);
  }

  write(): string {
    const { code, parent } = this.trace;
    for (let at = 0; at < code.length; ) {
      if (code[at]! >= firstTerminal) {
        this.terminal(at);
        at++;
        continue;
      }
      if (at > 0 && code[parent[at]!] === branching) this.enterBranch(at);
      const conv = this.options.peephole && code[at] === routing ? convolution(this.trace, at) : undefined;
      if (conv === undefined) at++;
      else {
        const end = this.trace.end[at]!;
        this.emit(`${this.own('conv', conv, false)}(${this.value})`, end - 1);
        at = end;
      }
    }
    const init = ['super().__init__()', ...this.layers];
    const forward = [...this.statements];
    if (this.options.head) {
      const { layer, statement } = headLines(this.network.settings.task, shapeAt(this.trace.output, 0));
      init.push(layer);
      forward.push(`        ${statement}`);
    }
    return [
      'class Net(nn.Module):',
      '    def __init__(self):',
      ...init.map((line) => `        ${line}`),
      '',
      '    def forward(self, x):',
      ...forward,
      '        return x',
    ].join('\n');
  }

  private emit(expression: string, node: number): void {
    this.line(`${this.target} = ${expression}`, node);
    this.value = this.target;
  }

  private line(text: string, node?: number): void {
    const comment =
      this.options.shapes && node !== undefined ? `  # [${shapeAt(this.trace.output, node).join(', ')}]` : '';
    this.statements.push(`${' '.repeat(8 + 4 * this.loops.length)}${text}${comment}`);
  }

  /** Registers a layer and returns how forward reaches it: one of a list inside loops, if it has weights. */
  private own(name: string, layer: string, isParameter: boolean, shared = false): string {
    const member = `self.${name}_${++this.owners}`;
    const loops = shared ? [] : this.loops;
    this.layers.push(
      `${member} = ${loopLists(
        layer,
        loops.map(({ factor }) => factor),
        isParameter,
      )}`,
    );
    return member + loops.map(({ number }) => `[i${number}]`).join('');
  }

  private terminal(at: number): void {
    const { kind } = terminalOf(this.trace.code[at]!);
    if (kind === 'clone' || kind === 'group') this.split(at);
    else if (kind === 'add' || kind === 'cat' || kind === 'dot' || kind === 'scaled') this.join(at);
    else if (kind !== 'identity') this.emit(this.expression(at), at);
  }

  /** What a terminal with one input makes of the current value. */
  private expression(at: number): string {
    const { kind, args } = terminalOf(this.trace.code[at]!);
    const x = this.value;
    switch (kind) {
      case 'permute':
        return `${x}.permute(0, ${args.join(', ')})`;
      case 'im2col':
        return `F.unfold(${x}, ${args[0]}, padding=${args[2]}, stride=${args[1]}).transpose(1, 2)`;
      case 'col2im': {
        const [, rows, columns] = shapeAt(this.trace.output, at);
        return `${x}.transpose(1, 2).reshape(${x}.size(0), -1, ${rows}, ${columns})`;
      }
      case 'softmax':
        return `${x}.softmax(dim=-1)`;
      case 'position':
        return `${x} + ${this.own('pos', moduleText(this.trace, at), true)}`;
      case 'relu': {
        const layer = this.network.settings.variant === 'e2' ? 'nn.ReLU()' : 'nn.LeakyReLU()';
        return `${this.own('act', layer, false, true)}(${x})`;
      }
      default:
        return `${this.own(kind, moduleText(this.trace, at), false)}(${x})`;
    }
  }

  private split(at: number): void {
    const { code, end, parent } = this.trace;
    const { kind, args } = terminalOf(code[at]!);
    const factor = args[0]!;
    const number = ++this.branchings;
    const clone = kind === 'clone';
    const { value: source, target } = this;
    const common = { factor, number, clone, source, target };
    const chunks = `torch.chunk(${source}, ${factor}, dim=${args[1]})`;
    if (factor === 2) {
      if (!clone) this.line(`x${number}_1, x${number}_2 = ${chunks}`);
      this.splits.push(common);
      return;
    }
    const [from, to] = [at + 1, end[parent[at]!]! - 1];
    if (!this.does(from, to)) {
      this.splits.push({ ...common, items: clone ? `[${source}] * ${factor}` : chunks });
      return;
    }
    const index = this.trace.owned.subarray(from, to).some((owned) => owned > 0) ? `i${number}` : undefined;
    this.line(`y${number} = []`);
    if (clone) this.line(`for ${index ?? '_'} in range(${factor}):`);
    else if (index === undefined) this.line(`for x${number} in ${chunks}:`);
    else this.line(`for ${index}, x${number} in enumerate(${chunks}):`);
    this.loops.push({ factor, number });
    this.splits.push(common);
  }

  /** Whether any of these nodes leaves a statement. */
  private does(from: number, to: number): boolean {
    return this.trace.code.subarray(from, to).some((op) => op >= firstTerminal && terminalOf(op).kind !== 'identity');
  }

  private enterBranch(at: number): void {
    const split = this.splits.at(-1)!;
    const { number, clone, source, factor } = split;
    if (factor > 2) {
      this.target = `x${number}`;
      this.value = clone || split.items !== undefined ? source : this.target;
      return;
    }
    const second = at !== this.trace.parent[at]! + 2;
    if (second) split.first = this.value;
    this.target = `x${number}_${second ? 2 : 1}`;
    this.value = clone ? source : this.target;
  }

  private join(at: number): void {
    const split = this.splits.pop()!;
    const { factor, number, first, target } = split;
    const last = this.value;
    if (factor > 2 && split.items === undefined) {
      this.line(`y${number}.append(${last})`);
      this.loops.pop();
    }
    const { kind, args } = terminalOf(this.trace.code[at]!);
    const items = factor === 2 ? `[${first}, ${last}]` : (split.items ?? `y${number}`);
    this.target = target;
    if (kind === 'cat') this.emit(`torch.cat(${items}, dim=${args[0]})`, at);
    else if (kind === 'add') this.emit(factor === 2 ? `${first} + ${last}` : `sum(${items})`, at);
    else this.emit(`${first} @ ${last}${kind === 'scaled' ? ` / ${first}.size(-1) ** 0.5` : ''}`, at);
  }
}
