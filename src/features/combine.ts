/** Feature sets made of others: one set scaled, and several side by side. */
import { type Matrix, matrix, row } from '../base/index.js';
import { fitScaling, fitUnitSize, type Scaling, type Transform } from './scaling.js';
import type { FeatureSet } from './types.js';

export function scaled<Arch>(set: FeatureSet<Arch>, kind: Scaling): FeatureSet<Arch> {
  return kind === 'none' ? set : withTransform(set, (train) => fitScaling(kind, train));
}

/** The sets side by side, each centred and scaled to unit size first, so that none outweighs another by its units or its width. */
export function sum<Arch>(sets: readonly FeatureSet<Arch>[]): FeatureSet<Arch> {
  const blocks = sets.map((set) => withTransform(set, fitUnitSize));
  return {
    name: sets.map((set) => set.name).join('+'),
    async fit(train) {
      const fitted = await Promise.all(blocks.map((block) => block.fit(train)));
      return {
        columns: fitted.reduce((columns, block) => columns + block.columns, 0),
        transform: async (archs) => beside(await Promise.all(fitted.map((block) => block.transform(archs)))),
      };
    },
  };
}

function withTransform<Arch>(set: FeatureSet<Arch>, fit: (train: Matrix) => Transform): FeatureSet<Arch> {
  return {
    name: set.name,
    async fit(train) {
      const fitted = await set.fit(train);
      const apply = fit(await fitted.transform(train));
      return { columns: fitted.columns, transform: async (archs) => apply(await fitted.transform(archs)) };
    },
  };
}

function beside(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]!.rows;
  const out = matrix(
    rows,
    parts.reduce((cols, part) => cols + part.cols, 0),
  );
  for (let r = 0; r < rows; r++) {
    let at = r * out.cols;
    for (const part of parts) {
      out.data.set(row(part, r), at);
      at += part.cols;
    }
  }
  return out;
}
