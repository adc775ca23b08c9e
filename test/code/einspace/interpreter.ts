/**
 * Runs the Python of a flat rendering on shapes alone, knowing PyTorch's rules and nothing of einspace: every statement of
 * the text is taken apart, every loop is run to its end, and every layer checks what it gets. Throws on anything that
 * PyTorch would refuse, and on any text that it does not know.
 */
type Shape = readonly number[];
type Value = Shape | readonly Shape[];

interface Layer {
  readonly factors: readonly number[];
  readonly kind: string;
  readonly args: readonly number[];
}

export interface Result {
  readonly output: Shape;
  readonly parameters: number;
}

const size = (shape: Shape) => shape.reduce((product, side) => product * side, 1);

function fail(what: string): never {
  throw new Error(what);
}

/** `input` without the batch, which stays symbolic: it is 1 here and must be 1 at the end. */
export function interpret(text: string, input: Shape): Result {
  const lines = text.split('\n');
  if (lines[0] !== 'class Net(nn.Module):' || lines[2] !== '        super().__init__()') fail('head of the class');
  const layers = new Map<string, Layer>();
  let at = 3;
  for (; lines[at] !== ''; at++) readLayer(lines[at]!, layers);
  if (lines[at + 1] !== '    def forward(self, x):') fail('forward');
  const machine = new Machine(layers, [1, ...input]);
  const output = machine.run(lines.slice(at + 2).map((line) => line.replace(/ {2}# \[[\d, ]+\]$/, '')));
  if (output[0] !== 1) fail('batch');
  const parameters = [...layers.values()].reduce((sum, layer) => sum + size(layer.factors) * parametersOf(layer), 0);
  return { output: output.slice(1), parameters };
}

function readLayer(line: string, layers: Map<string, Layer>): void {
  const [, name, whole] = /^ {8}self\.(\w+) = (.*)$/.exec(line) ?? fail(line);
  const factors: number[] = [];
  let rest = whole!;
  for (;;) {
    const list = /^nn\.(?:Module|Parameter)List\(\[(.*) for _ in range\((\d)\)\]\)$/.exec(rest);
    if (!list) break;
    factors.push(Number(list[2]));
    rest = list[1]!;
  }
  const [, kind, inner] =
    /^nn\.(Linear|BatchNorm2d|LayerNorm|LeakyReLU|ReLU|Conv2d)\(([\w=, ]*)\)$/.exec(rest) ??
    /^nn\.(Parameter)\(torch\.randn\(([\d, ]+)\)\)$/.exec(rest) ??
    fail(line);
  const args = inner === '' ? [] : inner!.split(', ').map((arg) => Number(arg.replace(/^(stride|padding)=/, '')));
  layers.set(name!, { factors, kind: kind!, args });
}

function parametersOf({ kind, args }: Layer): number {
  if (kind === 'Linear') return args[0]! * args[1]! + args[1]!;
  if (kind === 'Conv2d') return args[0]! * args[1]! * args[2]! ** 2 + args[1]!;
  if (kind === 'BatchNorm2d' || kind === 'LayerNorm') return 2 * args[0]!;
  return kind === 'Parameter' ? size(args) : 0;
}

function through({ kind, args }: Layer, x: Shape): Shape {
  const [a, b] = args as [number, number];
  if (kind === 'Linear') return x.at(-1) === a ? x.with(-1, b) : fail(`Linear(${args}) of ${x}`);
  if (kind === 'BatchNorm2d') return x.length === 4 && x[1] === a ? x : fail(`BatchNorm2d(${args}) of ${x}`);
  if (kind === 'LayerNorm') return x.at(-1) === a ? x : fail(`LayerNorm(${args}) of ${x}`);
  if (kind === 'Conv2d') {
    if (x.length !== 4 || x[1] !== a) fail(`Conv2d(${args}) of ${x}`);
    const [, , kernel, stride, padding] = args as [number, number, number, number, number];
    return [x[0]!, b, windows(x[2]!, kernel, stride, padding), windows(x[3]!, kernel, stride, padding)];
  }
  return kind === 'Parameter' ? fail('a parameter is called') : x;
}

function windows(side: number, kernel: number, stride: number, padding: number): number {
  const count = Math.floor((side + 2 * padding - kernel) / stride) + 1;
  return count >= 1 ? count : fail(`window ${kernel} on ${side}`);
}

class Machine {
  private readonly layers: ReadonlyMap<string, Layer>;
  private readonly values = new Map<string, Value>();

  constructor(layers: ReadonlyMap<string, Layer>, x: Shape) {
    this.layers = layers;
    this.values.set('x', x);
  }

  run(lines: readonly string[]): Shape {
    const last = lines.at(-1)!;
    const [, name] = /^ {8}return (\w+)$/.exec(last) ?? fail(last);
    this.block(lines, 0, lines.length - 1, 8);
    return this.shape(name!);
  }

  private block(lines: readonly string[], from: number, to: number, indent: number): void {
    for (let at = from; at < to; ) {
      const line = lines[at]!.slice(indent);
      let end = at + 1;
      if (line.startsWith('for ')) {
        while (end < to && lines[end]!.startsWith(' '.repeat(indent + 4))) end++;
        this.loop(line, (bind) => {
          bind();
          this.block(lines, at + 1, end, indent + 4);
        });
      } else this.statement(line);
      at = end;
    }
  }

  private loop(line: string, pass: (bind: () => void) => void): void {
    const counted = /^for (\w+) in range\((\d)\):$/.exec(line);
    if (counted) {
      for (let i = 0; i < Number(counted[2]); i++) pass(() => this.values.set(counted[1]!, [i]));
      return;
    }
    const [, index, item, , list] = /^for (?:(i\d+), )?(x\d+) in (enumerate\()?(.*?)\)?:$/.exec(line) ?? fail(line);
    this.list(list!.endsWith(')') ? list! : `${list!})`).forEach((shape, i) => {
      pass(() => {
        this.values.set(item!, shape);
        if (index) this.values.set(index, [i]);
      });
    });
  }

  private statement(line: string): void {
    const appended = /^(y\d+)\.append\((\w+)\)$/.exec(line);
    if (appended) {
      const list = this.values.get(appended[1]!) as readonly Shape[];
      this.values.set(appended[1]!, [...list, this.shape(appended[2]!)]);
      return;
    }
    const [, left, right] = /^(\w+(?:, \w+)?) = (.*)$/.exec(line) ?? fail(line);
    const names = left!.split(', ');
    if (right === '[]') this.values.set(left!, []);
    else if (names.length === 2) {
      const parts = this.list(right!);
      if (parts.length !== 2) fail(line);
      for (const [i, name] of names.entries()) this.values.set(name, parts[i]!);
    } else this.values.set(left!, this.expression(right!));
  }

  private shape(name: string): Shape {
    const found = this.values.get(name) ?? fail(`name ${name}`);
    return typeof found[0] === 'number' ? (found as Shape) : fail(`${name} is a list`);
  }

  private list(text: string): readonly Shape[] {
    const chunk = /^torch\.chunk\((\w+), (\d), dim=(\d)\)$/.exec(text);
    if (chunk) {
      const x = this.shape(chunk[1]!);
      const [parts, dim] = [Number(chunk[2]), Number(chunk[3])];
      const side = x[dim] ?? fail(text);
      // torch.chunk gives fewer or unequal parts where the side cannot be divided.
      if (side % parts !== 0) fail(`${text} of ${x}`);
      return Array.from({ length: parts }, () => x.with(dim, side / parts));
    }
    const copies = /^\[(\w+)\] \* (\d)$/.exec(text);
    if (copies) return Array.from({ length: Number(copies[2]) }, () => this.shape(copies[1]!));
    const pair = /^\[(\w+), (\w+)\]$/.exec(text);
    if (pair) return [this.shape(pair[1]!), this.shape(pair[2]!)];
    return /^y\d+$/.test(text) ? (this.values.get(text) as readonly Shape[]) : fail(text);
  }

  private expression(text: string): Shape {
    const call = /^self\.(\w+)((?:\[i\d+\])*)\((\w+)\)$/.exec(text);
    if (call) return through(this.layer(call[1]!, call[2]!), this.shape(call[3]!));
    const position = /^(\w+) \+ self\.(\w+)((?:\[i\d+\])*)$/.exec(text);
    if (position) {
      const x = this.shape(position[1]!);
      const { kind, args } = this.layer(position[2]!, position[3]!);
      return kind === 'Parameter' && args.join() === x.join() ? x : fail(`${text} of ${x}`);
    }
    return this.reshaped(text) ?? this.combined(text) ?? fail(text);
  }

  private layer(name: string, indices: string): Layer {
    const layer = this.layers.get(name) ?? fail(`layer ${name}`);
    const given = [...indices.matchAll(/i\d+/g)].map(([index]) => this.shape(index)[0]!);
    if (given.length !== layer.factors.length || given.some((i, level) => i >= layer.factors[level]!)) fail(name);
    return layer;
  }

  private reshaped(text: string): Shape | undefined {
    const permute = /^(\w+)\.permute\(([\d, ]+)\)$/.exec(text);
    if (permute) {
      const x = this.shape(permute[1]!);
      const axes = permute[2]!.split(', ').map(Number);
      if (axes.toSorted().join() !== [...x.keys()].join()) fail(`${text} of ${x}`);
      return axes.map((axis) => x[axis]!);
    }
    const unfold = /^F\.unfold\((\w+), (\d+), padding=(\d), stride=(\d+)\)\.transpose\(1, 2\)$/.exec(text);
    if (unfold) {
      const x = this.shape(unfold[1]!);
      if (x.length !== 4) fail(`${text} of ${x}`);
      const [kernel, padding, stride] = unfold.slice(2).map(Number) as [number, number, number];
      return [
        x[0]!,
        windows(x[2]!, kernel, stride, padding) * windows(x[3]!, kernel, stride, padding),
        x[1]! * kernel ** 2,
      ];
    }
    const fold = /^(\w+)\.transpose\(1, 2\)\.reshape\((\w+)\.size\(0\), -1, (\d+), (\d+)\)$/.exec(text);
    if (fold && fold[1] === fold[2]) {
      const x = this.shape(fold[1]!);
      const channels = (x[1]! * x[2]!) / (Number(fold[3]) * Number(fold[4]));
      return x.length === 3 && Number.isInteger(channels)
        ? [x[0]!, channels, Number(fold[3]), Number(fold[4])]
        : fail(`${text} of ${x}`);
    }
    const softmax = /^(\w+)\.softmax\(dim=-1\)$/.exec(text);
    return softmax ? this.shape(softmax[1]!) : undefined;
  }

  private combined(text: string): Shape | undefined {
    const cat = /^torch\.cat\((.*), dim=(\d)\)$/.exec(text);
    if (cat) {
      const parts = this.list(cat[1]!);
      const dim = Number(cat[2]);
      const others = new Set(parts.map((shape) => shape.with(dim, 0).join()));
      if (others.size !== 1) fail(`${text} of ${parts.join(' and ')}`);
      return parts[0]!.with(
        dim,
        parts.reduce((sum, shape) => sum + shape[dim]!, 0),
      );
    }
    const sum = /^sum\((.*)\)$/.exec(text);
    const plus = /^(\w+) \+ (\w+)$/.exec(text);
    if (sum || plus) {
      const parts = sum ? this.list(sum[1]!) : [this.shape(plus![1]!), this.shape(plus![2]!)];
      return new Set(parts.map((shape) => shape.join())).size === 1
        ? parts[0]!
        : fail(`${text} of ${parts.join(' and ')}`);
    }
    const product = /^(\w+) @ (\w+)(?: \/ (\w+)\.size\(-1\) \*\* 0\.5)?$/.exec(text);
    if (!product) return undefined;
    const [a, b] = [this.shape(product[1]!), this.shape(product[2]!)];
    const batches = a.slice(0, -2).join() === b.slice(0, -2).join();
    return batches && a.at(-1) === b.at(-2) ? a.with(-1, b.at(-1)!) : fail(`${text} of ${a} and ${b}`);
  }
}
