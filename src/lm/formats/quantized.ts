/**
 * The tensor types that are read, and how their blocks become float32 (layouts: ggml's quants, as the gguf package of
 * Python documents them in code). Products of a half float scale with a level of few bits are exact in double, so each value
 * is rounded once, by the store.
 */
export interface TensorType {
  readonly name: string;
  /** Values and bytes of one block. */
  readonly values: number;
  readonly bytes: number;
  /** Decodes the block at byte `at` of `from` into `out` from `i` on. */
  block(from: DataView, at: number, out: Float32Array, i: number): void;
}

/** Keyed by ggml's type number. */
export const tensorTypes: Readonly<Record<number, TensorType>> = {
  0: {
    name: 'F32',
    values: 1,
    bytes: 4,
    block: (from, at, out, i) => {
      out[i] = from.getFloat32(at, true);
    },
  },
  1: {
    name: 'F16',
    values: 1,
    bytes: 2,
    block: (from, at, out, i) => {
      out[i] = half(from, at);
    },
  },
  30: {
    name: 'BF16',
    values: 1,
    bytes: 2,
    block: (from, at, out, i) => {
      out[i] = bfloatToFloat(from.getUint16(at, true));
    },
  },
  2: {
    name: 'Q4_0',
    values: 32,
    bytes: 18,
    block: (from, at, out, i) => {
      const scale = half(from, at);
      halves(from, at + 2, out, i, 0, scale, -8 * scale);
    },
  },
  3: {
    name: 'Q4_1',
    values: 32,
    bytes: 20,
    block: (from, at, out, i) => halves(from, at + 4, out, i, 0, half(from, at), half(from, at + 2)),
  },
  6: {
    name: 'Q5_0',
    values: 32,
    bytes: 22,
    block: (from, at, out, i) => {
      const scale = half(from, at);
      halves(from, at + 6, out, i, from.getUint32(at + 2, true), scale, -16 * scale);
    },
  },
  7: {
    name: 'Q5_1',
    values: 32,
    bytes: 24,
    block: (from, at, out, i) =>
      halves(from, at + 8, out, i, from.getUint32(at + 4, true), half(from, at), half(from, at + 2)),
  },
  8: {
    name: 'Q8_0',
    values: 32,
    bytes: 34,
    block: (from, at, out, i) => {
      const scale = half(from, at);
      for (let j = 0; j < 32; j++) out[i + j] = scale * from.getInt8(at + 2 + j);
    },
  },
  12: { name: 'Q4_K', values: 256, bytes: 144, block: (from, at, out, i) => superBlock(from, at, out, i, 0) },
  13: { name: 'Q5_K', values: 256, bytes: 176, block: (from, at, out, i) => superBlock(from, at, out, i, 32) },
  14: { name: 'Q6_K', values: 256, bytes: 210, block: sixBits },
};

/** All blocks of `from`. */
export function decode({ values, bytes, block }: TensorType, from: DataView, out: Float32Array): void {
  for (let at = 0, i = 0; i < out.length; at += bytes, i += values) block(from, at, out, i);
}

function half(from: DataView, at: number): number {
  return halfToFloat(from.getUint16(at, true));
}

/** 32 levels: value j in the low nibble of byte j, value j + 16 in its high one, bit j of `fifth` above them. */
function halves(
  from: DataView,
  at: number,
  out: Float32Array,
  i: number,
  fifth: number,
  scale: number,
  shift: number,
): void {
  for (let j = 0; j < 16; j++) {
    const byte = from.getUint8(at + j);
    out[i + j] = scale * ((byte & 15) | (((fifth >>> j) & 1) << 4)) + shift;
    out[i + j + 16] = scale * ((byte >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) + shift;
  }
}

/**
 * 8 groups of 32 levels, each with a scale and a minimum of 6 bits in units of the block's two half floats. `fifths`: bytes
 * of fifth bits, one byte for each place in a group, one bit for each group.
 */
function superBlock(from: DataView, at: number, out: Float32Array, i: number, fifths: number): void {
  const unit = half(from, at);
  const minimumUnit = half(from, at + 2);
  const packed = (j: number) => from.getUint8(at + 4 + j);
  for (let group = 0; group < 8; group++) {
    const k = group & 3;
    const top = (byte: number) => (byte >> 2) & 0x30;
    const scale = group < 4 ? packed(k) & 63 : (packed(k + 8) & 15) | top(packed(k));
    const minimum = group < 4 ? packed(k + 4) & 63 : (packed(k + 8) >> 4) | top(packed(k + 4));
    const levels = at + 16 + fifths + 32 * (group >> 1);
    for (let j = 0; j < 32; j++) {
      const low = (from.getUint8(levels + j) >> (4 * (group & 1))) & 15;
      const high = fifths ? ((from.getUint8(at + 16 + j) >> group) & 1) << 4 : 0;
      out[i + 32 * group + j] = unit * scale * (low | high) - minimumUnit * minimum;
    }
  }
}

/** 16 groups of 16 levels of 6 bits, each with a scale of 8 bits: 4 low bits in the first 128 bytes, 2 high ones in 64. */
function sixBits(from: DataView, at: number, out: Float32Array, i: number): void {
  const unit = half(from, at + 208);
  for (let row = 0; row < 8; row++) {
    const low = at + 64 * (row >> 2) + 32 * (row & 1);
    const high = at + 128 + 32 * (row >> 2);
    for (let j = 0; j < 32; j++) {
      const level =
        ((from.getUint8(low + j) >> (row & 2 ? 4 : 0)) & 15) |
        (((from.getUint8(high + j) >> (2 * (row & 3))) & 3) << 4);
      out[i + 32 * row + j] = unit * from.getInt8(at + 192 + 2 * row + (j >> 4)) * (level - 32);
    }
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

const bits32 = new Uint32Array(1);
const float32 = new Float32Array(bits32.buffer);

function bfloatToFloat(bits: number): number {
  bits32[0] = bits << 16;
  return float32[0]!;
}
