/**
 * Normal forms: what a NAS-Bench-201 cell computes and nothing else. Zero edges and whatever does not reach the output are
 * left out, a skip is its source's name or expression in the sum, operations are calls. So isomorphic cells share a text,
 * and a text has a fifteenth of the tokens of the full source. `statements` keeps shared nodes visible and runs as it
 * stands, given functions conv3x3, conv1x1 and avgpool3x3 whose call sites own their weights; `nested` writes a shared node
 * out at each use; `paths` lists the input-output paths, which describes the cell but is not its function. All take an
 * operation on zero to be zero, as the benchmark does: true as long as batch norms do not shift, as at initialisation.
 */
import { type Cell, expression, livePaths, sortTerms, stringEdges, writeSum } from '../../spaces/index.js';

const calls = { nor_conv_1x1: 'conv1x1', nor_conv_3x3: 'conv3x3', avg_pool_3x3: 'avgpool3x3' } as const;

const signature = 'class Cell(nn.Module):\n    def forward(self, x):\n';
const zero = 'torch.zeros_like(x)';

/** One expression: 4,930 distinct texts, one for each canonical class. */
export function nested(cell: Cell): string {
  const value = writeSum(expression(cell), { input: 'x', op: calls, plus: ' + ' });
  return `${signature}        return ${value || zero}`;
}

/** One term for each input-output path without a zero: 4,120 distinct texts. */
export function paths(cell: Cell): string {
  return `${signature}        return ${pathTerms(cell).join(' + ') || zero}`;
}

/** The terms of `paths`, sorted by length, then by code point. */
export function pathTerms(cell: Cell): string[] {
  return sortTerms(livePaths(cell).map((path) => path.reduce((inner, op) => `${calls[op]}(${inner})`, 'x')));
}

/** A call in the text of `statements` and the edge it stands for. */
export interface CallSite {
  readonly call: string;
  readonly source: number;
  readonly target: number;
}

/** Names of nodes 0, 1 and 2; a node keeps its name when the one before it is dropped. */
const names = ['x', 'a', 'b'] as const;

/** One statement for each node that is live, terms by ascending source: 9,445 distinct texts. */
export function statements(cell: Cell): string {
  const lines: string[] = [];
  for (const node of liveNodes(cell)) {
    const terms = liveEdges(cell, node).map(({ source, op }) =>
      op === 'skip_connect' ? names[source]! : `${calls[op]}(${names[source]!})`,
    );
    if (node === 3) lines.push(`return ${terms.join(' + ') || zero}`);
    else lines.push(`${names[node]} = ${terms.join(' + ')}`);
  }
  return signature + lines.map((line) => `        ${line}`).join('\n');
}

/** The calls of `statements` in the order in which Python evaluates them; says which edge's weights a call owns. */
export function callSites(cell: Cell): CallSite[] {
  return liveNodes(cell).flatMap((node) =>
    liveEdges(cell, node).flatMap(({ source, op }) =>
      op === 'skip_connect' ? [] : [{ call: calls[op], source, target: node }],
    ),
  );
}

/** Nodes 1 and 2 where they lie on a path from input to output, and node 3 always. */
function liveNodes(cell: Cell): number[] {
  const { reached, reaching } = reachability(cell);
  return [1, 2, 3].filter((node) => node === 3 || (reached[node] && reaching[node]));
}

/** Edges into a live node that carry something, by ascending source. */
function liveEdges(cell: Cell, node: number) {
  const { reached } = reachability(cell);
  return stringEdges.flatMap(({ source, target }, edge) => {
    const op = cell[edge]!;
    return target === node && op !== 'none' && reached[source] ? [{ source, op }] : [];
  });
}

/** Which nodes see the input, and which ones the output sees. */
function reachability(cell: Cell): { reached: boolean[]; reaching: boolean[] } {
  const reached = [true, false, false, false];
  const reaching = [false, false, false, true];
  const carrying = stringEdges.filter((_, edge) => cell[edge] !== 'none');
  // Edges are sorted by target, so one pass forward and one pass backward are enough.
  for (const { source, target } of carrying) reached[target] ||= reached[source]!;
  for (const { source, target } of carrying.toReversed()) reaching[source] ||= reaching[target]!;
  return { reached, reaching };
}
