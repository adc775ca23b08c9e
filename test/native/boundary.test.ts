/**
 * Every export of the addon under random wrong arguments: valid calls with one to three arguments (or parts of one)
 * replaced. Each must end with a result or an error that has a stable code; a crash ends the test process.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NativeMlpSpec, type NativeTokenizerSpec, native } from '#cole/native/index.js';

const addon = native();

const spec: NativeMlpSpec = {
  hidden: [3, 2],
  outputs: 1,
  negativeSlope: 0.01,
  dropout: 0.1,
  loss: 'mse',
  margin: 0.1,
  maxPairs: 8,
  outputL1: 0,
  init: 'uniform',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  batch: 2,
  epochs: 2,
  shuffle: true,
  clipNorm: 1,
};
const bytes = (text: string) => new TextEncoder().encode(text);
const tokenizerSpec: NativeTokenizerSpec = {
  model: 'bpe',
  tokenBytes: bytes('ababb'),
  tokenOffsets: Int32Array.of(0, 1, 2, 4, 5),
  addedBytes: bytes('<s>'),
  addedOffsets: Int32Array.of(0, 3),
  addedIds: Int32Array.of(3),
  addedFlags: Uint8Array.of(0),
  normalizer: [['nfc'], ['replace', 'x', 'y']],
  preTokenizer: [['split', '[a-c]+|\\s', 'isolated', '0'], ['gpt2']],
  prefix: Int32Array.of(0),
  suffix: Int32Array.of(1),
  merges: Int32Array.of(0, 1, 2),
  mergeRanks: Int32Array.of(0),
  byteIds: new Int32Array(0),
  fuseUnknown: false,
  ignoreMerges: false,
  continuingPrefix: '',
  unknownId: -1,
  maxWordChars: 100,
};
const f = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(3 * i));
const d = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.cos(i));
const attention = { layers: 2, heads: 2, headWidth: 3 };
const library = '/nowhere/libxgboost.so';
const pooling = { tokens: 'mean', overLayers: 'stack', layers: Int32Array.of(1, 0) };

/** Fresh valid arguments for every export: buffers may be taken away. */
const valid: Record<string, () => unknown[]> = {
  info: () => [],
  gemm: () => [f(6), f(6), 2, 2, 3, false, true, 1],
  fitPca: () => [f(12), 4, 3, 2, 2],
  project: () => [f(12), 4, 3, f(3), f(6), 2, 1],
  trainMlp: () => [f(12), f(4), 4, 3, spec, Uint32Array.of(1, 2), 2],
  predictMlp: () => [f(23), 1, spec, f(12), 4, 3, 1],
  fitGp: () => [f(12), d(4), 4, 3, null, 1],
  predictGp: () => [f(12), 4, 3, d(2).map(Math.abs), d(16), d(4), f(6), 2, 1],
  trainPerceiver: () => [f(16), f(4), 4, 4, attention, spec, Uint32Array.of(1), 1],
  predictPerceiver: () => [f(100), 1, attention, spec, f(16), 4, 4, 1],
  xgboostVersion: () => [library],
  trainXgboost: () => [library, f(12), f(4), 4, 3, ['eta', '0.1'], 2, Uint32Array.of(1), 1],
  predictXgboost: () => [library, new Uint8Array(4), Int32Array.of(0, 4), f(12), 4, 3, 1],
  poolTokens: () => [[f(12), f(12)], 'float32', 3, Int32Array.of(0, 2, 2, 4), Uint8Array.of(1, 1, 0, 1), [pooling], 2],
  meanRows: () => [f(12), 3, Int32Array.of(0, 3, 1), Int32Array.of(0, 2, 2, 3), 2],
  Tokenizer: () => [tokenizerSpec],
  encodeBatch: () => [bytes('ab <s> ba'), Int32Array.of(0, 3, 9), true, 2],
};

/** Stands for a detached array, which a failure's report could not print. */
const detached = 'a detached array';
function made(replacement: unknown): unknown {
  if (replacement !== detached) return replacement;
  const array = new Float32Array(12);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
const kinds = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint16Array, Uint8Array] as const;
// No number that means a large result or a long training: those are valid.
const numbers = fc.constantFrom(0, 1, 2, 3, 4, 12, -1, 0.5, Number.NaN, 1 / 0, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31));
const arrays = fc
  .tuple(fc.constantFrom(...kinds), fc.array(numbers, { maxLength: 24 }), fc.constantFrom('own', 'shared', 'view'))
  .map(([Kind, values, where]) => {
    if (where === 'own') return Kind.from(values);
    const room = (values.length + 1) * Kind.BYTES_PER_ELEMENT;
    const buffer = where === 'shared' ? new SharedArrayBuffer(room) : new ArrayBuffer(room);
    const out = new Kind(buffer as ArrayBuffer, Kind.BYTES_PER_ELEMENT);
    out.set(values);
    return out;
  });
const wrong: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: arrays },
  { weight: 3, arbitrary: numbers },
  fc.constantFrom(undefined, null, true, false, {}, [], [[]], Symbol.iterator, 1n, '', 'mean', '\ud800', 'bpe'),
  fc.constantFrom(detached, new DataView(new ArrayBuffer(4)), new ArrayBuffer(8)),
  fc.array(fc.array(fc.constantFrom('replace-regex', 'split', '(', '[z-a]', 'isolated', '', 'a')), { maxLength: 3 }),
);
const change = fc.record({ argument: fc.nat(20), part: fc.nat(40), replacement: wrong });

/** Replaces an argument, or a property of it where it is an object or an element of an array. */
function changed(args: unknown[], changes: { argument: number; part: number; replacement: unknown }[]): unknown[] {
  for (const { argument, part, replacement: given } of changes) {
    const replacement = made(given);
    if (args.length === 0) return [replacement];
    const i = argument % args.length;
    const old = args[i];
    const isPlain =
      (Array.isArray(old) || Object.getPrototypeOf(old ?? 0) === Object.prototype) && Object.keys(old!).length > 0;
    if (!isPlain || part % 4 === 0) args[i] = replacement;
    else if (Array.isArray(old)) args[i] = old.with(part % old.length, replacement);
    else {
      const keys = Object.keys(old as object);
      args[i] = { ...(old as object), [keys[part % keys.length]!]: replacement };
    }
  }
  return args;
}

function call(name: string, args: unknown[]): unknown {
  const functions = addon as unknown as Record<string, (...args: unknown[]) => unknown>;
  if (name === 'Tokenizer' || name === 'encodeBatch') {
    const { Tokenizer } = addon as unknown as { Tokenizer: new (...args: unknown[]) => Record<string, unknown> };
    const tokenizer = new Tokenizer(...(name === 'Tokenizer' ? args : [tokenizerSpec])) as unknown as {
      encodeBatch(...args: unknown[]): unknown;
    };
    return tokenizer.encodeBatch(...(name === 'Tokenizer' ? valid.encodeBatch!() : args));
  }
  return functions[name]!(...args);
}

const outcome = (name: string, args: unknown[]): string => {
  try {
    call(name, args);
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${(error as Error).message}`;
  }
};

describe('the boundary under wrong arguments', () => {
  it('has a valid call of every export', () => {
    expect(Object.keys(valid).sort()).toEqual([...Object.keys(addon), 'encodeBatch'].sort());
  });

  for (const name of Object.keys(valid))
    it(`${name} gives a result or an error with a code`, { timeout: 120_000 }, () => {
      if (!name.includes('Xgboost') && !name.startsWith('xgboost') && !name.includes('Perceiver'))
        expect(outcome(name, valid[name]!())).toBe('ok');
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
          expect(outcome(name, changed(valid[name]!(), changes))).toMatch(/^(ok|ERR_[A-Z]+)$/);
        }),
        { numRuns: Number(process.env.COLE_FUZZ_RUNS ?? 400), seed: 1 },
      );
      // Too few arguments, and none.
      for (let n = 0; n < valid[name]!().length; n++)
        expect(outcome(name, valid[name]!().slice(0, n))).toMatch(/^(ok|ERR_[A-Z]+)$/);
    });
});
