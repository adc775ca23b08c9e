/** A structural encoding of the space as a feature set; nothing is fitted. */
import { matrix } from '../base/index.js';
import type { Encoding } from '../spaces/index.js';
import type { FeatureSet } from './types.js';

export function structuralFeatures<Arch>(name: string, encoding: Encoding<Arch>): FeatureSet<Arch> {
  return {
    name,
    async fit() {
      return {
        columns: encoding.length,
        async transform(archs) {
          const out = matrix(archs.length, encoding.length);
          archs.forEach((arch, index) => {
            out.data.set(encoding.encode(arch), index * encoding.length);
          });
          return out;
        },
      };
    },
  };
}
