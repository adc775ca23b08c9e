/**
 * A space cut down to listed architectures, such as the rows of a table: whatever a strategy draws or mutates is one of them.
 * An edit goes to one of the nearest rows, by the distance of their encodings.
 */
import { ColeError } from '../base/index.js';
import type { Encoding, Space } from './types.js';

/** Rows that an edit may go to: few enough to stay near, enough to get around. */
const neighbourhood = 10;

/** Throws ERR_OPTION for a space without any encoding to measure distances by. `archs` are distinct, printed. */
export function rowsOf<Arch>(space: Space<Arch>, archs: readonly string[]): Space<Arch> {
  const encoding = Object.values(space.encodings)[0];
  if (!encoding)
    throw new ColeError('ERR_OPTION', `expected an encoding of space ${space.name} to find near rows by, got none`);
  const rows = archs.map((text) => space.parse(text));
  const at = new Map(archs.map((text, row) => [text, row]));
  const near = nearest(encoding, rows);
  const neighbours = (arch: Arch): Arch[] => {
    const row = at.get(space.print(arch));
    if (row === undefined)
      throw new ColeError('ERR_INPUT', `expected a row of the table as architecture, got ${space.print(arch)}`);
    return near(row).map((other) => rows[other]!);
  };
  return {
    name: space.name,
    parse: space.parse,
    print: space.print,
    sample: (rng) => rng.pick(rows),
    mutate: (arch, rng) => rng.pick(neighbours(arch)),
    neighbours,
    key: space.key,
    canonicalKey: space.canonicalKey,
    encodings: space.encodings,
    enumerate: () => rows,
  };
}

/** The nearest rows of a row, itself left out, ties by row; kept once found. */
function nearest<Arch>(encoding: Encoding<Arch>, rows: readonly Arch[]): (row: number) => readonly number[] {
  let vectors: Float32Array[] | undefined;
  const kept = new Map<number, readonly number[]>();
  return (row) => {
    let found = kept.get(row);
    if (!found) {
      vectors ??= rows.map((arch) => encoding.encode(arch));
      const own = vectors[row]!;
      const distance = Float64Array.from(vectors, (other) =>
        other.reduce((sum, value, i) => sum + (value - own[i]!) ** 2, 0),
      );
      found = [...distance.keys()]
        .filter((other) => other !== row)
        .sort((a, b) => distance[a]! - distance[b]! || a - b)
        .slice(0, neighbourhood);
      kept.set(row, found);
    }
    return found;
  };
}
