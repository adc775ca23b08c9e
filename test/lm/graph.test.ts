import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { Graph } from '#cole/lm/onnx/graph.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-graph-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('graphs', () => {
  it('find weights beyond 2 and 4 GiB of the weight file', async () => {
    // A file of holes, with values where the tensors are.
    const file = openSync(join(folder, 'weights.bin'), 'w');
    const offsets = [4096, 2 ** 31 + 4096, 5 * 2 ** 30];
    for (const [i, offset] of offsets.entries()) writeSync(file, Float32Array.of(i + 1, 10 * (i + 1)), 0, 8, offset);
    closeSync(file);
    const tensors = Object.fromEntries(offsets.map((offset, i) => [`w${i}`, { shape: [2], offset }]));
    const g = new Graph('far', { file: 'weights.bin', tensors });
    const x = g.input('x', 'float32', ['n', 2]);
    for (const i of offsets.keys()) g.output(`y${i}`, g.node('Add', [x, g.weight(`w${i}`)]), 'float32', ['n', 2]);
    const path = join(folder, 'graph.onnx');
    writeFileSync(path, g.encode());
    const session = await InferenceSession.create(path);
    const out = await session.run({ x: new Tensor('float32', Float32Array.of(0.5, 0.25), [1, 2]) });
    for (const i of offsets.keys())
      expect([...(out[`y${i}`]!.data as Float32Array)]).toEqual([i + 1.5, 10 * (i + 1) + 0.25]);
    await session.release();
  });

  it('hold what their outputs need and no more', async () => {
    const g = new Graph('pruned', { file: 'weights.bin', tensors: { unread: { shape: [2], offset: 0 } } });
    const x = g.input('x', 'float32', ['n', 2]);
    const doubled = g.node('Add', [x, x]);
    g.node('Mul', [doubled, g.weight('unread')]);
    g.output('y', doubled, 'float32', ['n', 2]);
    const bytes = g.encode();
    const text = Buffer.from(bytes).toString('latin1');
    expect([text.includes('Add'), text.includes('Mul'), text.includes('unread')]).toEqual([true, false, false]);
    // No weight file is opened for what nobody reads.
    const session = await InferenceSession.create(bytes);
    const out = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) });
    expect([...(out.y!.data as Float32Array)]).toEqual([2, 4]);
    await session.release();
  });

  it('name a weight that is not in the table', () => {
    const g = new Graph('empty', { file: 'weights.bin', tensors: {} });
    expect(() => g.weight('absent')).toThrow(/expected tensor absent in weights\.bin/);
  });
});
