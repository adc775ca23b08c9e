/**
 * The derivation as nested constructor calls, one line: sequences, branchings, routings and computations as they were
 * derived, identities too. A module that a branching repeats is behind a lambda, which makes one for each branch. Runs after
 * `moduleClasses`.
 */
import { einspaceGrammar, type Network, shapeAt, traceOf } from '../../spaces/index.js';
import { moduleText } from './layers.js';

const { branchFactor, branching, firstTerminal, innerModules, modules, terminalOf } = einspaceGrammar;

export function modulesText(network: Network): string {
  const trace = traceOf(network);
  const { code, parent, end } = trace;
  const names = modules.map((name) => name[0]!.toUpperCase() + name.slice(1));
  const parts: string[] = [];
  for (let at = 0; at < code.length; at++) {
    const op = code[at]!;
    if (op < firstTerminal) {
      const around = at > 0 && code[parent[at]!] === branching ? branchFactor[code[parent[at]! + 1]!]! : 2;
      parts.push(`${innerModules(around) === 1 ? 'lambda: ' : ''}${names[op]}(`);
      continue;
    }
    parts.push(terminal(at));
    // Close every module that ends here.
    let up = at;
    while (parent[up]! >= 0 && end[parent[up]!] === at + 1) {
      up = parent[up]!;
      parts.push(')');
    }
    if (at + 1 < code.length) parts.push(', ');
  }
  return `net = ${parts.join('')}`;

  function terminal(at: number): string {
    const { kind, args } = terminalOf(code[at]!);
    switch (kind) {
      case 'permute':
        return `Permute(0, ${args.join(', ')})`;
      case 'im2col':
        return `Im2Col(${args.join(', ')})`;
      case 'col2im':
        return `Col2Im(${shapeAt(trace.output, at).slice(1).join(', ')})`;
      case 'relu':
        return network.settings.variant === 'e2' ? 'nn.ReLU()' : 'nn.LeakyReLU()';
      case 'softmax':
        return 'nn.Softmax(dim=-1)';
      case 'position':
        return `Position(${shapeAt(trace.input, at).join(', ')})`;
      case 'identity':
        return 'nn.Identity()';
      case 'linear':
      case 'norm':
        return moduleText(trace, at);
      case 'scaled':
        return 'Dot(scaled=True)';
      default:
        return `${kind[0]!.toUpperCase()}${kind.slice(1)}(${args.join(', ')})`;
    }
  }
}

/** The classes that the text needs to run, after torch, nn and F. */
export const moduleClasses = `class Computation(nn.Sequential):
    pass


class Sequential(nn.Sequential):
    pass


class Routing(nn.Sequential):
    pass


class Branching(nn.Module):
    def __init__(self, split, *parts):
        super().__init__()
        *inner, self.join = parts
        if len(inner) == 1:
            inner = [inner[0]() for _ in range(split.branches)]
        self.split = split
        self.inner = nn.ModuleList(inner)

    def forward(self, x):
        return self.join([f(part) for f, part in zip(self.inner, self.split(x))])


class Clone(nn.Module):
    def __init__(self, branches):
        super().__init__()
        self.branches = branches

    def forward(self, x):
        return [x] * self.branches


class Group(nn.Module):
    def __init__(self, branches, dim):
        super().__init__()
        self.branches, self.dim = branches, dim

    def forward(self, x):
        return torch.chunk(x, self.branches, dim=self.dim)


class Add(nn.Module):
    def forward(self, parts):
        return sum(parts)


class Cat(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, parts):
        return torch.cat(parts, dim=self.dim)


class Dot(nn.Module):
    def __init__(self, scaled=False):
        super().__init__()
        self.scaled = scaled

    def forward(self, parts):
        a, b = parts
        return a @ b / a.size(-1) ** 0.5 if self.scaled else a @ b


class Permute(nn.Module):
    def __init__(self, *axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.permute(self.axes)


class Im2Col(nn.Module):
    def __init__(self, kernel, stride, padding):
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def forward(self, x):
        return F.unfold(x, self.kernel, padding=self.padding, stride=self.stride).transpose(1, 2)


class Col2Im(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.rows, self.columns = rows, columns

    def forward(self, x):
        return x.transpose(1, 2).reshape(x.size(0), -1, self.rows, self.columns)


class Position(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.value = nn.Parameter(torch.randn(1, *shape))

    def forward(self, x):
        return x + self.value`;
