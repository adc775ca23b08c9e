import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { row, stream } from '#cole/base/index.js';
import { poolingWidth } from '#cole/lm/families/poolings.js';
import { addModel, openModel, type Pooling, poolStates } from '#cole/lm/index.js';
import { graphOf } from '#cole/lm/store/open.js';
import { distance, runnerOf } from './graphs.js';
import { tinyBert } from './tiny.js';

const hidden = 5;
const blocks = 6;
const lengths = [3, 1, 7];
const rng = stream('states');
/** [layer][text][token][hidden] */
const states = Array.from({ length: blocks + 1 }, () =>
  lengths.map((length) =>
    Array.from({ length }, () => Array.from({ length: hidden }, () => Math.fround(rng.normal()))),
  ),
);
const poolings = ['mean', 'last_token', 'avg_avg', 'mid', 'multi_layer', 'layer:0', 'layer:4'] as const;

/** The definition, in doubles; `count`: of the first and the last tokens that do not count. */
function slow(pooling: Pooling, text: number, embeddingLayer: boolean, uncounted: number): number[] {
  const of = (layer: number) => {
    const tokens = states[layer]![text]!;
    return uncounted < tokens.length / 2 ? tokens.slice(uncounted, tokens.length - uncounted) : tokens;
  };
  const mean = (rows: readonly (readonly number[])[]) =>
    Array.from({ length: hidden }, (_, j) => rows.reduce((sum, each) => sum + each[j]!, 0) / rows.length);
  const over = (layers: readonly number[]) => mean(layers.map((layer) => mean(of(layer))));
  const all = Array.from({ length: blocks + 1 }, (_, layer) => layer);
  switch (pooling) {
    case 'mean':
      return over([blocks]);
    case 'last_token':
      return of(blocks).at(-1)!;
    case 'avg_avg':
      return over(embeddingLayer ? all : all.slice(1));
    case 'mid':
      return over([2, 3, 4]);
    case 'multi_layer':
      return [2, 6].flatMap((layer) => over([layer]));
    default:
      return over([Number(pooling.slice('layer:'.length))]);
  }
}

const packedLayer = (layer: number) => Float32Array.from(states[layer]!.flat(2));
const offsets = Int32Array.of(0, 3, 4, 11);

/** Padded on one side, with values that must not be read, and the attention mask. */
function padded(side: 'left' | 'right', uncounted: number) {
  const width = 8;
  const mask = new Array<bigint>(lengths.length * width).fill(0n);
  const layers = states.map((layer) => {
    const data = new Float32Array(lengths.length * width * hidden).fill(Number.NaN);
    layer.forEach((tokens, text) => {
      const start = text * width + (side === 'right' ? 0 : width - tokens.length);
      tokens.forEach((token, t) => {
        data.set(token, (start + t) * hidden);
        const edge = uncounted < tokens.length / 2 && (t < uncounted || t >= tokens.length - uncounted);
        if (!edge) mask[start + t] = 1n;
      });
    });
    return data;
  });
  return { layers, hidden, rows: { texts: lengths.length }, mask: BigInt64Array.from(mask) };
}

describe('poolings of given hidden states', () => {
  it('follow their definition for texts that are packed or padded on either side', () => {
    const packed = { layers: states.map((_, layer) => packedLayer(layer)), hidden, rows: { offsets } };
    for (const embeddingLayer of [true, false])
      for (const [uncounted, given] of [
        [0, packed],
        [0, padded('left', 0)],
        [0, padded('right', 0)],
        [1, padded('left', 1)],
        [1, padded('right', 1)],
      ] as const) {
        const found = poolStates(given, poolings, { embeddingLayer, threads: 2 });
        for (const [at, pooling] of poolings.entries()) {
          expect([found[at]!.rows, found[at]!.cols]).toEqual([3, poolingWidth(pooling, { layers: blocks, hidden })]);
          for (let text = 0; text < lengths.length; text++)
            expect(distance(row(found[at]!, text), slow(pooling, text, embeddingLayer, uncounted))).toBeLessThan(1e-6);
        }
      }
  });

  it('are mean and last_token of the last state alone', () => {
    const given = { layers: [packedLayer(blocks)], hidden, rows: { offsets } };
    const [mean, last] = poolStates(given, ['mean', 'last_token']);
    expect(distance(row(mean!, 2), slow('mean', 2, true, 0))).toBeLessThan(1e-6);
    expect([...row(last!, 2)]).toEqual(slow('last_token', 2, true, 0));
    expect(() => poolStates(given, ['mean', 'avg_avg'])).toThrow(
      /mean or last_token for one hidden state, got avg_avg/,
    );
  });

  it('take half floats by their bits', () => {
    const bits = Uint16Array.of(0x3c00, 0x4000, 0xc000, 0);
    const given = { layers: [bits], hidden: 2, rows: { texts: 1 } };
    expect([...poolStates({ ...given, element: 'float16' }, ['mean'])[0]!.data]).toEqual([-0.5, 1]);
  });

  it('are those of the model that the states came from', async () => {
    const home = mkdtempSync(join(tmpdir(), 'cole-states-'));
    process.env.COLE_HOME = home;
    tinyBert(join(home, 'bert'));
    await addModel(join(home, 'bert'));
    const opened = await openModel('bert');
    const outputs = ['last_hidden_state', 'mean', 'last_token'];
    const runner = await runnerOf(opened.manifest.config, await graphOf(opened, { outputs, embeddingLayer: true }));
    const [got] = await runner.run([[2, 4, 5, 3]], 100);
    await runner.close();
    const layers = [got!.last_hidden_state!];
    const found = poolStates({ layers, hidden: 64, rows: { texts: 1 } }, ['mean', 'last_token']);
    expect(distance(found[0]!.data, got!.mean!)).toBeLessThan(1e-6);
    expect(found[1]!.data).toEqual(got!.last_token);
    delete process.env.COLE_HOME;
    rmSync(home, { recursive: true });
  });

  it('are refused for what does not fit together', () => {
    const layers = [packedLayer(0), packedLayer(1)];
    const given = { layers, hidden, rows: { offsets } };
    const code = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return undefined;
    };
    expect(() => poolStates(given, ['max' as never])).toThrow(/got max/);
    expect(() => poolStates(given, ['layer:2'])).toThrow(/layer of 0 to 1 .*got layer:2/);
    expect(() => poolStates(given, ['last_hidden_state' as never])).toThrow(/got last_hidden_state/);
    expect(() => poolStates(given, ['mean'], { thread: 2 } as never)).toThrow(/did you mean threads/);
    expect(code(() => poolStates({ ...given, layers: [] }, ['mean']))).toBe('ERR_SHAPE');
    expect(code(() => poolStates({ ...given, layers: [layers[0]!, layers[1]!.subarray(5)] }, ['mean']))).toBe(
      'ERR_SHAPE',
    );
    expect(code(() => poolStates({ ...given, hidden: 4 }, ['mean']))).toBe('ERR_SHAPE');
    expect(code(() => poolStates({ ...given, rows: { offsets: Int32Array.of(0, 12) } }, ['mean']))).toBe('ERR_SHAPE');
    expect(code(() => poolStates({ ...given, rows: { texts: 2 } }, ['mean']))).toBe('ERR_SHAPE');
    expect(code(() => poolStates({ ...given, mask: [1, 1] }, ['mean']))).toBe('ERR_SHAPE');
    expect(code(() => poolStates({ ...given, rows: { offsets: Int32Array.of(0, 3, 3) } }, ['mean']))).toBe('ERR_DATA');
    expect(code(() => poolStates({ ...given, layers: [layers[0]!.fill(Number.NaN)] }, ['mean']))).toBe('ERR_DATA');
    expect(poolStates({ ...given, rows: { offsets: Int32Array.of(0) } }, ['mean'])[0]).toMatchObject({
      rows: 0,
      cols: 5,
    });
  });
});
