/** poolTokens and meanRows from JavaScript: layouts, half floats, shared memory, bad input. */
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { type NativePooling, native } from '#cole/native/index.js';

const addon = native();
const rng = stream('pooling');
const normal = (n: number) => Float32Array.from({ length: n }, () => rng.normal());
const mean: NativePooling = { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0) };
const last: NativePooling = { ...mean, tokens: 'last_token' };

const code = (f: () => unknown) => {
  try {
    f();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'no error';
};

describe('poolTokens', () => {
  const dim = 70;
  const packed = normal(9 * dim);
  const spans = Int32Array.of(0, 4, 4, 9);

  it('gives the same vectors for packed texts and for texts padded on either side, by spans or by mask', () => {
    const pool = (data: Float32Array, where: Int32Array, mask: Uint8Array | null) =>
      addon.poolTokens([data], 'float32', dim, where, mask, [mean, last], 2);
    const expected = pool(packed, spans, null);
    for (const side of ['left', 'right']) {
      const padded = normal(2 * 6 * dim);
      const mask = new Uint8Array(12);
      const own: number[] = [];
      for (const [row, [from, to]] of [
        [0, 4],
        [4, 9],
      ].entries()) {
        const start = 6 * row + (side === 'left' ? 6 - (to! - from!) : 0);
        padded.set(packed.subarray(from! * dim, to! * dim), start * dim);
        mask.fill(1, start, start + to! - from!);
        own.push(start, start + to! - from!);
      }
      expect(pool(padded, Int32Array.from(own), null)).toEqual(expected);
      expect(pool(padded, Int32Array.of(0, 6, 6, 12), mask)).toEqual(expected);
    }
  });

  it('reads half floats by their bits, and shared memory', () => {
    const bits = new Uint16Array(new SharedArrayBuffer(2 * 9 * dim)).map((_, i) => (i * 40503) & 0xbfff);
    const wide = Float32Array.from(bits, (bit) => new Float32Array(Uint32Array.of(bit << 16).buffer)[0]!);
    expect(addon.poolTokens([bits], 'bfloat16', dim, spans, null, [mean, last], 1)).toEqual(
      addon.poolTokens([wide], 'float32', dim, spans, null, [mean, last], 1),
    );
    // 1, -2, the largest and the smallest half.
    const four = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001);
    expect(addon.poolTokens([four], 'float16', 4, Int32Array.of(0, 1), null, [mean], 1)[0]).toEqual(
      Float32Array.of(1, -2, 65504, 2 ** -24),
    );
  });

  it('stacks and averages layers in one call, the same for any number of threads', () => {
    const layers = [packed, normal(9 * dim), normal(9 * dim)];
    const poolings: NativePooling[] = [
      { tokens: 'mean', overLayers: 'stack', layers: Int32Array.of(2, 0) },
      { tokens: 'mean', overLayers: 'mean', layers: Int32Array.of(0, 1, 2) },
    ];
    const run = (threads: number) => addon.poolTokens(layers, 'float32', dim, spans, null, poolings, threads);
    const [stack, average] = run(1);
    for (const threads of [2, 5]) expect(run(threads)).toEqual([stack, average]);
    const each = layers.map((layer) => addon.poolTokens([layer], 'float32', dim, spans, null, [mean], 1)[0]!);
    expect(stack!.length).toBe(2 * 2 * dim);
    expect(stack!.subarray(dim, 2 * dim)).toEqual(each[0]!.subarray(0, dim));
    expect(stack!.subarray(0, dim)).toEqual(each[2]!.subarray(0, dim));
    for (let i = 0; i < 2 * dim; i++)
      expect(average![i]).toBeCloseTo((each[0]![i]! + each[1]![i]! + each[2]![i]!) / 3, 5);
  });

  it('refuses what it cannot pool', () => {
    const hidden = normal(4 * 3);
    const pool = (where: number[], mask: number[] | null = null, width = 3) =>
      addon.poolTokens([hidden], 'float32', width, Int32Array.from(where), mask && Uint8Array.from(mask), [mean], 1);
    expect(pool([1, 2])).toEqual([hidden.slice(3, 6)]);
    expect(code(() => pool([0, 5]))).toBe('ERR_SHAPE: expected a span within 4 tokens for text 0, got 0 to 5');
    expect(code(() => pool([0, 1, 2, 2]))).toBe('ERR_DATA: expected at least one token to pool for text 1, got none');
    expect(code(() => pool([0, 1], null, 5))).toMatch(/^ERR_SHAPE/);
    expect(code(() => pool([0, 1], [1]))).toMatch(/^ERR_SHAPE: expected 4 elements for mask/);
    expect(code(() => pool([0, 1, 2]))).toMatch(/^ERR_SHAPE/);
    const none = new Int32Array(0);
    expect(code(() => addon.poolTokens([], 'float32', 3, none, null, [mean], 1))).toMatch(/^ERR_SHAPE/);
    expect(code(() => addon.poolTokens([hidden], 'float32', 3, none, null, [], 1))).toMatch(/^ERR_SHAPE/);
    expect(code(() => addon.poolTokens([hidden], 'float16', 3, none, null, [mean], 1))).toBe(
      'ERR_OPTION: expected a Uint16Array for layers[0]',
    );
    const twice = { ...mean, layers: Int32Array.of(0, 0) };
    expect(code(() => addon.poolTokens([hidden], 'float32', 3, none, null, [twice], 1))).toMatch(
      /^ERR_SHAPE: expected distinct layers from 0 to 0 for pooling 0, got 0/,
    );
    hidden[7] = Number.NaN;
    expect(code(() => pool([0, 4]))).toBe(
      'ERR_DATA: expected finite hidden states for text 0, layer 0, got nan in token 2, column 1',
    );
    expect(code(() => pool([0, 4], [1, 1, 0, 1]))).toBe('no error');
  });

  it('survives a buffer that is taken away while the arguments are read', () => {
    const hidden = normal(4 * 3);
    const pooling = {
      tokens: 'mean',
      overLayers: 'mean',
      get layers() {
        structuredClone(hidden.buffer, { transfer: [hidden.buffer] });
        return Int32Array.of(0);
      },
    } as const;
    expect(code(() => addon.poolTokens([hidden], 'float32', 3, Int32Array.of(0, 4), null, [pooling], 1))).toBe(
      'ERR_SHAPE: expected a span within 0 tokens for text 0, got 0 to 4',
    );
  });
});

describe('meanRows', () => {
  const table = Float32Array.of(1, 2, 3, 4, 5, 6);
  const mean = (ids: number[], offsets: number[], dim = 2) =>
    addon.meanRows(table, dim, Int32Array.from(ids), Int32Array.from(offsets), 2);

  it('averages the rows that ids name', () => {
    expect(mean([2, 0, 1, 1], [0, 2, 2, 4])).toEqual(Float32Array.of(3, 4, 0, 0, 3, 4));
    expect(mean([], [])).toEqual(new Float32Array(0));
  });

  it('refuses ids without a row and offsets that leave the ids', () => {
    expect(code(() => mean([0, 3], [0, 1, 2]))).toBe('ERR_SHAPE: expected ids from 0 to 2 for text 1, got 3');
    expect(code(() => mean([-1], [0, 1]))).toMatch(/^ERR_SHAPE/);
    expect(code(() => mean([0], [0, 2]))).toBe(
      'ERR_SHAPE: expected offsets that rise within 1 ids for text 0, got 0 to 2',
    );
    expect(code(() => mean([0], [1, 0]))).toMatch(/^ERR_SHAPE/);
    expect(code(() => mean([0], [0, 1], 4))).toMatch(/^ERR_SHAPE: expected a multiple of dim 4/);
    expect(code(() => mean([0], [0, 1], 0))).toMatch(/^ERR_SHAPE/);
  });
});
