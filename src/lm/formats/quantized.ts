/**
 * The tensor types of GGUF that are read, and how a row of blocks becomes float32. A block holds 32 values; in the 4-bit
 * types the low nibbles are values 0..15 and the high ones 16..31 (layout: ggml's quants).
 */
export interface TensorType {
  readonly name: string;
  /** Values and bytes of one block. */
  readonly values: number;
  readonly bytes: number;
  /** Decodes all blocks of `from` into `out`. */
  decode(from: DataView, out: Float32Array): void;
}

const blockValues = 32;

/** Keyed by ggml's type number. */
export const tensorTypes: Readonly<Record<number, TensorType>> = {
  0: {
    name: 'F32',
    values: 1,
    bytes: 4,
    decode: (from, out) => {
      for (let i = 0; i < out.length; i++) out[i] = from.getFloat32(4 * i, true);
    },
  },
  1: {
    name: 'F16',
    values: 1,
    bytes: 2,
    decode: (from, out) => {
      for (let i = 0; i < out.length; i++) out[i] = halfToFloat(from.getUint16(2 * i, true));
    },
  },
  2: {
    name: 'Q4_0',
    values: blockValues,
    bytes: 18,
    decode: (from, out) => {
      for (let at = 0, i = 0; i < out.length; at += 18, i += blockValues) {
        const scale = halfToFloat(from.getUint16(at, true));
        nibbles(from, at + 2, out, i, scale, -8 * scale);
      }
    },
  },
  3: {
    name: 'Q4_1',
    values: blockValues,
    bytes: 20,
    decode: (from, out) => {
      for (let at = 0, i = 0; i < out.length; at += 20, i += blockValues)
        nibbles(from, at + 4, out, i, halfToFloat(from.getUint16(at, true)), halfToFloat(from.getUint16(at + 2, true)));
    },
  },
  8: {
    name: 'Q8_0',
    values: blockValues,
    bytes: 34,
    decode: (from, out) => {
      for (let at = 0, i = 0; i < out.length; at += 34, i += blockValues) {
        const scale = halfToFloat(from.getUint16(at, true));
        for (let j = 0; j < blockValues; j++) out[i + j] = scale * from.getInt8(at + 2 + j);
      }
    },
  },
};

/** scale * nibble + shift; the product is exact in double, so each value is rounded once, by the store. */
function nibbles(from: DataView, at: number, out: Float32Array, start: number, scale: number, shift: number): void {
  for (let j = 0; j < blockValues / 2; j++) {
    const byte = from.getUint8(at + j);
    out[start + j] = scale * (byte & 15) + shift;
    out[start + j + blockValues / 2] = scale * (byte >> 4) + shift;
  }
}

/** IEEE 754 binary16 bits as a number, exactly. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24;
}
