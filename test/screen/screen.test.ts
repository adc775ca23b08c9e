/** Screens without a language model: the same outcome in whatever way they are run. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { mergeScreens, type ProgressEvent, readTop, runScreen, type ScreenOptions } from '#cole/index.js';
import { compareRows, dealFolds, recallCurve, type ScreenedRow, TopRows } from '#cole/screen/index.js';
import { space } from '#cole/spaces/index.js';
import { cascade, common, folder, fresh, name, outcome, screen } from './known.js';

describe('a screen', () => {
  it('is the same for any number of workers', async () => {
    const [one, three] = [await screen({ ...cascade, workers: 1 }), await screen({ ...cascade, workers: 3 })];
    const found = await outcome(one.out);
    expect(await outcome(three.out)).toEqual(found);
    expect(found.top).toHaveLength(40);
    expect(found.counts).toMatchObject({ chunks: 8, taken: 800, share: 0.2 });
    expect(found.counts.full).toBeGreaterThanOrEqual(0.2 * found.counts.distinct);
    expect(found.counts.full).toBeLessThan(0.2 * found.counts.distinct + 8);
    expect(found.counts.rejected.parameters).toBeGreaterThan(0);
  });
  it('has committees as stages, which are not the sums of the same sets', async () => {
    const small = { ...cascade, count: 200, top: 20 };
    const committees = { ...small, first: 'counts/ngrams', features: 'counts/counts+ngrams' };
    const [one, two] = [await screen({ ...committees, workers: 1 }), await screen({ ...committees, workers: 2 })];
    const found = await outcome(one.out);
    expect(await outcome(two.out)).toEqual(found);
    expect(found.counts).toMatchObject({ first: 'counts/ngrams', features: 'counts/counts+ngrams' });
    const sums = await screen({ ...small, first: 'counts+ngrams', features: 'counts+ngrams' });
    expect((await outcome(sums.out)).top).not.toEqual(found.top);
    for (const features of ['counts/counts', 'counts/', 'counts/ngram'])
      await expect(screen({ ...cascade, features })).rejects.toThrow('features');
    await expect(screen({ ...cascade, first: 'counts/code' })).rejects.toThrow('without a language model');
  });
  it('keeps the best, each once, in order', async () => {
    const { out, summary } = await screen({ ...common, features: 'ngrams' });
    const top = await readTop(out);
    expect(summary).toMatchObject({ first: null, recall: null, share: 1 });
    expect(summary.full).toBe(summary.distinct);
    expect(top.toSorted(compareRows)).toEqual(top);
    expect(new Set(top.map(({ identity }) => identity)).size).toBe(40);
    const { key, canonicalKey, parse } = space(name);
    for (const row of top) {
      expect(key(parse(row.arch!))).toBe(row.key);
      expect(canonicalKey(parse(row.arch!))).toBe(row.identity);
    }
  });
  it('refuses options that it does not know', async () => {
    const wrong = { ...common, feature: 'ngrams' };
    await expect(screen(wrong)).rejects.toThrow('got feature; did you mean features?');
    const { metric: _, ...without } = common;
    await expect(screen(without as typeof common)).rejects.toThrow('expected a metric for a screen, got none');
  });
  it('reads the derivation, of drawn architectures too', async () => {
    const { summary } = await screen({ ...common, count: 200, features: 'derivation' });
    expect(summary).toMatchObject({ taken: 200, features: 'derivation' });
    expect(summary.full).toBe(summary.distinct);
  });
  it('in shards comes to the same when they are merged', async () => {
    const whole = await screen(cascade);
    const shards = [];
    for (const index of [2, 1, 3]) {
      const totals = new Set<number | undefined>();
      const onProgress = ({ stage, total }: ProgressEvent) => {
        if (stage === 'screen') totals.add(total);
      };
      const shard = await screen({ ...cascade, shard: { index, of: 3 } }, fresh(), { onProgress });
      shards.push(shard.out);
      // All that a shard has to do is known from the start: the time left can be told.
      expect([...totals]).toEqual([shard.summary.taken]);
    }
    const merged = fresh();
    await mergeScreens(shards, merged);
    expect(await outcome(merged)).toEqual(await outcome(whole.out));
    await expect(mergeScreens(shards.slice(1), fresh())).rejects.toThrow('shard 2/3 once, got none');
    await expect(mergeScreens([...shards, shards[0]!], fresh())).rejects.toThrow('shard 2/3 once');
    const other = await screen({ ...cascade, seed: 5, shard: { index: 2, of: 3 } });
    await expect(mergeScreens([other.out, ...shards.slice(1)], fresh())).rejects.toThrow('whose options, table or');
    await expect(mergeScreens([folder], fresh())).rejects.toThrow('finished screen');
  });
  it('goes on where it was killed, with what was done kept', { timeout: 60_000 }, async () => {
    const whole = await screen(cascade);
    const out = fresh();
    const journal = join(out, 'journal.jsonl');
    const chunks = () =>
      existsSync(journal) ? (readFileSync(journal, 'utf8').match(/"type":"chunk"/g)?.length ?? 0) : 0;
    const code = `import { runScreen } from '#cole/index.js'; await runScreen(${JSON.stringify({ ...cascade, workers: 1, out })});`;
    const script = join(process.cwd(), `killed-${process.pid}.mjs`);
    writeFileSync(script, code);
    try {
      const child = spawn(process.execPath, [script], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      while (chunks() < 2 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGKILL');
      await ended;
    } finally {
      rmSync(script);
    }
    const kept = chunks();
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(kept).toBeLessThan(8);
    await runScreen({ ...cascade, out });
    expect(await outcome(out)).toEqual(await outcome(whole.out));
    expect(chunks()).toBe(8);
  });
  it('reads architectures and texts in place of random ones', async () => {
    const { parse, print, sample } = space(name);
    const rng = stream('screen input');
    const archs = Array.from({ length: 300 }, () => print(sample(rng)));
    const rows = async function* () {
      for (const [at, arch] of archs.entries()) yield { arch, place: `line ${at + 1}` };
    };
    const { count: _, ...rest } = common;
    const input = { identity: 'archs', rows };
    const fromArchs = await screen({ ...rest, features: 'ngrams', input });
    const texts = async function* () {
      const { renderer } = await import('#cole/code/index.js');
      const { render } = renderer(name, 'nested');
      for (const arch of archs) yield { key: arch, text: render(parse(arch)) };
    };
    const fromTexts = await screen({ ...rest, features: 'ngrams', input: { identity: 'texts', rows: texts } });
    const scores = async (out: string) => (await readTop(out)).map(({ score }) => score);
    expect(await scores(fromTexts.out)).toEqual(await scores(fromArchs.out));
    await expect(screen({ ...rest, features: 'counts', input: { identity: 'texts', rows: texts } })).rejects.toThrow(
      'expected features that can be made of texts (code, static, ngrams), got counts',
    );
    const wrong = async function* () {
      yield { arch: archs[0]!.replace('(', '['), place: 'line 1' };
    };
    await expect(screen({ ...rest, features: 'ngrams', input: { identity: 'x', rows: wrong } })).rejects.toThrow(
      '(line 1)',
    );
  });
  it('refuses what it cannot do', async () => {
    const refused = (options: Partial<ScreenOptions>, message: string) =>
      expect(screen({ ...cascade, ...options } as ScreenOptions)).rejects.toThrow(message);
    await refused({ full: '0%' }, 'more than 0%');
    await refused({ full: '5' }, 'a part such as 5% or a time');
    await refused({ full: '3 weeks' }, 'unit of time');
    await refused({ first: 'code' }, 'without a language model for the first stage');
    await refused({ first: 'count' }, 'did you mean counts');
    await refused({ metric: 'valu' }, 'did you mean value');
    await refused({ top: 0 }, 'at least 1 for top');
    await refused({ shard: { index: 3, of: 2 } }, 'a shard of at most 2');
    await refused({ space: 'einspace:1x8x8,maxNodes=2,maxAttempts=9' }, 'let some network pass');
    const { out } = await screen(cascade);
    await expect(screen({ ...cascade, top: 41 }, out)).rejects.toThrow('whose top is 40, got 41');
  });
});

describe('the best rows', () => {
  it('do not depend on the order of the stream', () => {
    const rng = stream('top rows');
    const rows: ScreenedRow[] = Array.from({ length: 500 }, (_, at) => ({
      key: `k${at}`,
      identity: `i${rng.int(120)}`,
      score: rng.int(60),
      std: 0,
    }));
    const kept = (order: readonly ScreenedRow[], piece: number) => {
      const top = new TopRows(30);
      for (let at = 0; at < order.length; at += piece) top.add(order.slice(at, at + piece));
      return top.rows;
    };
    const expected = kept(rows, rows.length);
    for (const piece of [1, 7, 100]) expect(kept(rng.shuffle(rows), piece)).toEqual(expected);
    const bestOf = new Map<string, ScreenedRow>();
    for (const row of rows.toSorted(compareRows)) if (!bestOf.has(row.identity)) bestOf.set(row.identity, row);
    expect(expected).toEqual([...bestOf.values()].slice(0, 30));
  });
});

describe('recall', () => {
  it('is that of hand-made scores', () => {
    const values = Float64Array.from({ length: 1000 }, (_, at) => at);
    const fold = dealFolds(1000, 0);
    const points = [0.01, 0.5];
    expect(recallCurve(values, values, fold, points)).toMatchObject({ best: 10, rows: 1000 });
    expect(recallCurve(values, values, fold, [0.05]).points[0]!.recall).toBe(1);
    const reversed = values.map((value) => -value);
    expect(recallCurve(values, reversed, fold, points).points.map(({ recall }) => recall)).toEqual([0, 0]);
    expect([0, 1, 2, 3, 4].map((f) => fold.filter((each) => each === f).length)).toEqual(Array(5).fill(200));
  });
});
