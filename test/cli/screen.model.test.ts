/** Screens that are stopped while the language model runs in their workers: an end in order, and the way goes on. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTop } from '#cole/index.js';
import { cole, jsonLines, start, told } from './run.js';

const space = 'einspace:1x8x8,maxNodes=60,maxParameters=100000';
const folder = mkdtempSync(join(tmpdir(), 'cole-screen-model-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sampled = jsonLines((await cole(['sample', '--space', space, '-n', '40', '--unique'])).stdout);
const archs = sampled.map(({ arch }) => arch as string);
const known = join(folder, 'known.csv');
writeFileSync(known, `arch,length\n${archs.map((arch) => `"${arch}",${Math.log(arch.length)}`).join('\n')}\n`);
const heads = ['--table', known, '--metric', 'length', '--space', space, '--full', '100%', '--chunk', '48'];
const args = (out: string) => ['--workers', '2', 'screen', '-n', '480', ...heads, '--out', out];

/** Chunks that the journal of a run has. */
const chunks = (out: string) => {
  const journal = join(out, 'journal.jsonl');
  return existsSync(journal) ? readFileSync(journal, 'utf8').split('"type":"chunk"').length - 1 : 0;
};

/** All that a screen found but the time it took. */
const found = async (out: string) => ({
  top: await readTop(out),
  counts: { ...JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), seconds: undefined },
});

describe('a screen with a language model', { timeout: 300_000 }, () => {
  it('ends in order when it is interrupted, and goes on to the same result', async () => {
    const [whole, out] = [join(folder, 'whole'), join(folder, 'interrupted')];
    expect((await cole(args(whole))).code).toBe(0);
    for (const until of [1, 4]) {
      const { child, result } = start(args(out));
      while (chunks(out) < until && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGTERM');
      const { code, signal, stderr } = await result;
      expect(stderr).toContain('the same command goes on');
      expect(stderr).not.toContain('terminate');
      expect([code, signal]).toEqual([130, null]);
    }
    expect(chunks(out)).toBeLessThan(10);
    expect((await cole(args(out))).code).toBe(0);
    expect(chunks(out)).toBe(10);
    expect(await found(out)).toEqual(await found(whole));
  });

  it('is over at once when it is interrupted twice, without a word of the runtime, and goes on', async () => {
    const [whole, out] = [join(folder, 'whole'), join(folder, 'twice')];
    for (const name of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) {
      const { child, result } = start(args(out));
      const until = chunks(out) + 1;
      while (chunks(out) < until && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      const stopping = told(child, 'stopping');
      child.kill(name);
      await stopping;
      const asked = performance.now();
      child.kill(name);
      const { signal, stderr } = await result;
      expect(signal).toBe(name);
      expect(performance.now() - asked).toBeLessThan(1000);
      expect(stderr).toMatch(
        /^stopping at the next checkpoint; once more stops at once. To go on from there:\n {2}cole .*\n$/,
      );
    }
    expect((await cole(args(out))).code).toBe(0);
    expect(chunks(out)).toBe(10);
    expect(await found(out)).toEqual(await found(whole));
  });

  it('comes to the same with one worker, from texts and from their token ids', async () => {
    // None of the known ones, whose vectors are there before.
    const others = await cole(['sample', '--space', space, '-n', '60', '--unique', '--seed', '5']);
    const input = others.stdout
      .split('\n')
      .filter((line) => !archs.some((arch) => line.includes(`"${arch}"`)))
      .join('\n');
    const rendered = (await cole(['render', '--space', space], { input })).stdout;
    const count = rendered.trim().split('\n').length;
    const texts = join(folder, 'texts.jsonl');
    writeFileSync(texts, rendered);
    const [lines, arrow] = [join(folder, 'tokens.jsonl'), join(folder, 'tokens.arrow')];
    writeFileSync(lines, (await cole(['tokenize', texts])).stdout);
    expect((await cole(['tokenize', texts, '--out', arrow])).stderr).toBe(
      `token ids of ${count} texts are in ${arrow}\n`,
    );
    const scored = async (input: string, out: string, workers: string) => {
      const { code, stderr } = await cole([
        '--workers',
        workers,
        'screen',
        input,
        ...heads,
        '--chunk',
        '9',
        '--out',
        join(folder, out),
      ]);
      expect([code, stderr]).toEqual([0, expect.stringContaining(`${count} architectures`)]);
      const { top } = await found(join(folder, out));
      return top.map(({ key, score, std }) => ({ key, score, std }));
    };
    const expected = await scored(texts, 'a', '2');
    expect(await scored(lines, 'b', '1')).toEqual(expected);
    expect(await scored(arrow, 'c', '2')).toEqual(expected);
  });

  it('says what is wrong with a line while other lines are with the model', async () => {
    const file = join(folder, 'archs.txt');
    const lines = Array.from({ length: 200 }, (_, i) => archs[i % archs.length]!);
    writeFileSync(file, `${[...lines, 'sequential(computation<lineer(64)>'].join('\n')}\n`);
    const { code, stderr } = await cole(['--workers', '2', 'screen', file, ...heads, '--out', join(folder, 'wrong')]);
    expect(stderr).toContain('archs.txt:201');
    expect(code).toBe(2);
  });
});
