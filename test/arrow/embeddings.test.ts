import { describe, expect, it } from 'vitest';
import { arraysToFile, embeddingColumnsToFile, embeddingsToFile, fileToEmbeddings } from '#cole/arrow/index.js';
import { matrix } from '#cole/base/index.js';

describe('embeddings in an Arrow file', () => {
  const rows = matrix(3, 2, Float32Array.of(1, -2, 0.1, 1e-20, 3e30, 6));
  const metadata = { identity: 'lm=x; pooling=mean' };

  it('come back with keys and metadata', () => {
    const back = fileToEmbeddings('x.arrow', embeddingsToFile({ keys: ['a', 'ü', ''], rows, metadata }));
    expect(back).toEqual({ keys: ['a', 'ü', ''], rows, metadata });
  });
  it('may be of several kinds, in columns with names and metadata of their own', () => {
    const other = matrix(3, 1, Float32Array.of(7, 8, 9));
    const columns = {
      mean: { rows, metadata: { embedder: 'a' } },
      'layer:3': { rows: other, metadata: { embedder: 'b' } },
    };
    const keys = ['a', 'b', 'c'];
    const bytes = embeddingColumnsToFile({ keys, columns, metadata: { text: 't', embedder: 'all' } });
    expect(fileToEmbeddings('x', bytes, 'mean')).toEqual({ keys, rows, metadata: { text: 't', embedder: 'a' } });
    expect(fileToEmbeddings('x', bytes, 'layer:3')).toEqual({
      keys,
      rows: other,
      metadata: { text: 't', embedder: 'b' },
    });
    expect(() => fileToEmbeddings('x', bytes)).toThrow(/a column embedding in x, got those of mean, layer:3/);
    expect(() => fileToEmbeddings('x', bytes, 'key')).toThrow(/columns key \(utf8\) and key \(fixed_size_list\)/);
    const short = { ...columns, mean: { rows: matrix(2, 2), metadata: {} } };
    expect(() => embeddingColumnsToFile({ keys, columns: short, metadata })).toThrow(
      /2 keys, one a row of mean, got 3/,
    );
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
