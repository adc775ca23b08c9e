/** Constructors of layers in PyTorch, from the shapes of a trace. */
import { einspaceGrammar, shapeAt, type Trace } from '../../spaces/index.js';

const { computation, terminalOf } = einspaceGrammar;

/** Constructor of a layer that owns weights. */
export function moduleText(trace: Trace, at: number): string {
  const { kind, args } = terminalOf(trace.code[at]!);
  const shape = shapeAt(trace.input, at);
  if (kind === 'linear') return `nn.Linear(${shape.at(-1)}, ${args[0]})`;
  if (kind === 'norm') return shape.length === 3 ? `nn.BatchNorm2d(${shape[0]})` : `nn.LayerNorm(${shape[1]})`;
  return `nn.Parameter(torch.randn(1, ${shape.join(', ')}))`;
}

/** The convolution that a routing of im2col, linear and col2im is, undefined for other modules. */
export function convolution(trace: Trace, at: number): string | undefined {
  const { code } = trace;
  if (trace.end[at]! !== at + 5 || code[at + 2] !== computation) return undefined;
  const [pre, inner, post] = [terminalOf(code[at + 1]!), terminalOf(code[at + 3]!), terminalOf(code[at + 4]!)];
  if (pre.kind !== 'im2col' || inner.kind !== 'linear' || post.kind !== 'col2im') return undefined;
  const [kernel, stride, padding] = pre.args;
  const [channels] = shapeAt(trace.input, at + 1);
  return `nn.Conv2d(${channels}, ${inner.args[0]}, ${kernel}, stride=${stride}, padding=${padding})`;
}

/** One constructor for each pass through the loops around it, outermost list first. */
export function loopLists(layer: string, factors: readonly number[], isParameter: boolean): string {
  return factors.reduceRight((inner, factor, level) => {
    const list = isParameter && level === factors.length - 1 ? 'nn.ParameterList' : 'nn.ModuleList';
    return `${list}([${inner} for _ in range(${factor})])`;
  }, layer);
}
