import { describe, expect, it } from 'vitest';
import { arraysToFile, embeddingsToFile, fileToEmbeddings } from '#cole/arrow/index.js';
import { matrix } from '#cole/base/index.js';

describe('embeddings in an Arrow file', () => {
  const rows = matrix(3, 2, Float32Array.of(1, -2, 0.1, 1e-20, 3e30, 6));
  const metadata = { identity: 'lm=x; pooling=mean' };

  it('come back with keys and metadata', () => {
    const back = fileToEmbeddings('x.arrow', embeddingsToFile({ keys: ['a', 'ü', ''], rows, metadata }));
    expect(back).toEqual({ keys: ['a', 'ü', ''], rows, metadata });
  });
  it('may be none', () => {
    const back = fileToEmbeddings('x.arrow', embeddingsToFile({ keys: [], rows: matrix(0, 2), metadata }));
    expect([back.keys, back.rows.rows, back.rows.cols]).toEqual([[], 0, 2]);
  });
  it('are refused when they are something else', () => {
    expect(() => embeddingsToFile({ keys: ['a'], rows, metadata })).toThrow(/expected 3 keys/);
    expect(() => fileToEmbeddings('x.arrow', Uint8Array.of(1, 2, 3))).toThrow(/x\.arrow/);
    const other = arraysToFile({ arrays: { a: Float32Array.of(1) }, metadata: {} });
    expect(() => fileToEmbeddings('x.arrow', other)).toThrow(/columns key \(utf8\) and embedding/);
    const whole = embeddingsToFile({ keys: ['a', 'b', 'c'], rows, metadata });
    for (const length of [whole.length - 40, whole.length >> 1, 60])
      expect(() => fileToEmbeddings('x.arrow', whole.subarray(0, length))).toThrow(/x\.arrow/);
  });
});
