/**
 * Which cells are the same network. `uniqueString` is the benchmark's own simplification (6,466 classes), kept for
 * comparability; it leaves zero terms in sums and does not flatten sums of skips. `expression` does both and gives the
 * true multiset form (4,930 classes). Neither tells a node that is used twice from two equal operations on one input.
 */
import { type Cell, type Operation, stringEdges } from './cell.js';

/** The benchmark's unique string; `#` stands for a zero. With `considerZero` false, as in one variant of its API, `none` is an operation like any other. */
export function uniqueString(cell: Cell, { considerZero = true }: { considerZero?: boolean } = {}): string {
  const label = ['0'];
  for (let node = 1; node <= 3; node++) {
    const pieces: string[] = [];
    stringEdges.forEach(({ source, target }, edge) => {
      if (target !== node) return;
      const op = cell[edge]!;
      const from = label[source]!;
      if (considerZero && (op === 'none' || from === '#')) pieces.push('#');
      else pieces.push(op === 'skip_connect' ? from : `(${from})@${op}`);
    });
    label[node] = pieces.sort().join('+');
  }
  return label[3]!;
}

/** An operation that does something: neither zero nor identity. */
export type Work = Exclude<Operation, 'none' | 'skip_connect'>;

/** What a node computes: the sum of its terms. Empty is zero. */
export type Sum = readonly Term[];
/** The input of the cell, or an operation on a sum that is not zero. */
export type Term = 'input' | { readonly op: Work; readonly of: Sum };

/** The output of the cell as an expression of its input: zeros dropped, skips spliced into the sum, shared nodes written out. */
export function expression(cell: Cell): Sum {
  const nodes: Sum[] = [['input']];
  for (let node = 1; node <= 3; node++) {
    nodes[node] = stringEdges.flatMap(({ source, target }, edge): Sum => {
      const op = cell[edge]!;
      const from = nodes[source]!;
      if (target !== node || op === 'none' || from.length === 0) return [];
      return op === 'skip_connect' ? from : [{ op, of: from }];
    });
  }
  return nodes[3]!;
}

/** Writes a sum with terms sorted by length, then by code point, so that equal multisets give equal text. */
export function writeSum(
  sum: Sum,
  names: { input: string; op: Readonly<Record<string, string>>; plus: string },
): string {
  const terms = sum.map((term) =>
    term === 'input' ? names.input : `${names.op[term.op]}(${writeSum(term.of, names)})`,
  );
  return sortTerms(terms).join(names.plus);
}

/** Sorts in place by length, then by code point. */
export function sortTerms(terms: string[]): string[] {
  return terms.sort((a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0));
}

const keyNames = {
  input: 'x',
  op: { nor_conv_1x1: 'nor_conv_1x1', nor_conv_3x3: 'nor_conv_3x3', avg_pool_3x3: 'avg_pool_3x3' },
  plus: '+',
};

/** Text of the multiset form, such as `nor_conv_3x3(x+avg_pool_3x3(x))`; `0` for a cell whose output does not see its input. */
export function canonicalString(cell: Cell): string {
  return writeSum(expression(cell), keyNames) || '0';
}

/** Edges of `Cell` along the input-output paths 0-3, 0-1-3, 0-2-3 and 0-1-2-3. */
const pathEdges = [[3], [0, 4], [1, 5], [0, 2, 5]] as const;

/** The operations along each input-output path that has no zero on it, from input to output, skips left out. */
export function livePaths(cell: Cell): Work[][] {
  return pathEdges
    .map((edges) => edges.map((edge) => cell[edge]))
    .filter((path) => !path.includes('none'))
    .map((path) => path.filter((op): op is Work => op !== 'skip_connect'));
}
