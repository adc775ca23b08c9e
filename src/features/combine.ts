/** Feature sets made of others: scaled, side by side for one head, or as the parts of a committee. */
import { type Matrix, matrix, row } from '../base/index.js';
import { fitScaling, fitUnitSize, type Scaling, type Transform } from './scaling.js';
import type { FeatureSet } from './types.js';

/** One set as a part sees it. */
export interface Block {
  readonly set: string;
  readonly scaling: Scaling;
}

/**
 * Rows of all parts, one after another. Of a part of several sets each is centred and scaled to unit size first, so that none
 * outweighs another by its units or its width. A set that is in several parts is made once.
 */
export function combined<Arch>(
  name: string,
  sets: ReadonlyMap<string, FeatureSet<Arch>>,
  parts: readonly (readonly Block[])[],
): FeatureSet<Arch> {
  return {
    name,
    async fit(train) {
      const fitted = await mapped(sets.keys(), (each) => sets.get(each)!.fit(train));
      const rowsOf = (names: Iterable<string>, archs: readonly Arch[]) =>
        mapped(names, (each) => fitted.get(each)!.transform(archs));
      const changed = parts.flatMap((part) => part.filter(({ scaling }) => part.length > 1 || scaling !== 'none'));
      const known = await rowsOf(new Set(changed.map(({ set }) => set)), train);
      const blocks = parts.flatMap((part) =>
        part.map((block) => ({ ...block, change: fitChange(block, part.length > 1, known.get(block.set)) })),
      );
      const widths = parts.map((part) => part.reduce((columns, { set }) => columns + fitted.get(set)!.columns, 0));
      return {
        columns: widths.reduce((a, b) => a + b),
        transform: async (archs) => {
          const rows = await rowsOf(fitted.keys(), archs);
          const all = beside(blocks.map(({ set, change }) => change(rows.get(set)!)));
          return parts.length > 1 ? { ...all, parts: widths } : all;
        },
      };
    },
  };
}

/** `train` is there for every block that changes at all. */
function fitChange({ scaling }: Block, joined: boolean, train: Matrix | undefined): Transform {
  if (train === undefined) return (rows) => rows;
  const scale = fitScaling(scaling, train);
  if (!joined) return scale;
  const size = fitUnitSize(scale(train));
  return (rows) => size(scale(rows));
}

async function mapped<T>(names: Iterable<string>, make: (name: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all([...names].map(async (name): Promise<[string, T]> => [name, await make(name)])));
}

function beside(blocks: readonly Matrix[]): Matrix {
  if (blocks.length === 1) return blocks[0]!;
  const rows = blocks[0]!.rows;
  const out = matrix(
    rows,
    blocks.reduce((cols, block) => cols + block.cols, 0),
  );
  for (let r = 0; r < rows; r++) {
    let at = r * out.cols;
    for (const block of blocks) {
      out.data.set(row(block, r), at);
      at += block.cols;
    }
  }
  return out;
}
