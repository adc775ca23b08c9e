/** What a report says and writes, on run directories of known content. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReportFiles, type ReportOptions, writeCurvePicture, writeReport } from '#cole/report/index.js';
import { comparison, type MadeRun, makeRun, manifest, summary } from './runs.js';

let everything: string;
beforeAll(async () => {
  everything = await mkdtemp(join(tmpdir(), 'cole-report-'));
});
afterAll(() => rm(everything, { recursive: true, force: true }));

const folder = () => mkdtemp(join(everything, 'test-'));

async function report(made: readonly MadeRun[], options: Partial<ReportOptions> = {}) {
  const root = await folder();
  const runs = await Promise.all(made.map((run) => makeRun(join(root, 'runs'), run)));
  const files = await writeReport({ runs, out: join(root, 'report.html'), ...options });
  const text = await readFile(files.html, 'utf8');
  const { document } = parseHTML(text);
  return { root, runs, files, text, document };
}

const csv = async (files: ReportFiles, name: string) => {
  const path = files.csv.find((each) => each.endsWith(`/${name}.csv`))!;
  const [header, ...rows] = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  return rows.map((cells) => Object.fromEntries(cells.map((cell, i) => [header![i]!, cell])));
};

const cells = (row: { querySelectorAll(selector: string): Iterable<{ textContent: string | null }> }) =>
  [...row.querySelectorAll('th, td')].map((cell) => cell.textContent!.replaceAll('\u00a0', ' '));

describe('a report of the whole comparison', () => {
  let made: Awaited<ReturnType<typeof report>>;
  beforeAll(async () => {
    made = await report(comparison, { title: 'Eight methods' });
  });

  it('names every method in every table, and those without a language model as such', () => {
    const tables = [...made.document.querySelectorAll('table')];
    expect(tables.length).toBe(3);
    for (const table of tables) {
      const rows = [...table.querySelectorAll('tbody tr')];
      expect(rows.length).toBe(comparison.length);
      for (const { name, model } of comparison) {
        const shown = model ? `${name} nested` : name;
        const row = rows.find((each) => each.querySelector('b')!.textContent === shown)!;
        expect(row.textContent).toContain(model ?? 'no language model');
      }
    }
  });

  it('sorts by the mean evaluations to 99.5 % and marks the best', async () => {
    const means = (await csv(made.files, 'targets')).map((row) => Number(row.mean_of_trials_at_99_5));
    expect(means).toEqual(means.slice().sort((a, b) => a - b));
    const marked = [...made.document.querySelectorAll('.tag.best')];
    expect(marked.length).toBe(1);
    expect(made.document.querySelector('tbody tr')!.textContent).toContain('best');
  });

  it('shows the numbers of the summaries', async () => {
    const expected = summary(comparison[2]!) as { targets: Record<string, number>[]; bestAt: { mean: number }[] };
    const path = (await csv(made.files, 'targets')).find(({ method }) => method === 'path')!;
    const second = expected.targets[1]!;
    expect(Number(path.mean_of_trials_at_99_5)).toBe(second.meanOfTrials);
    expect(Number(path.mean_curve_at_99_5)).toBe(second.ofMeanCurve);
    expect(Number(path.median_at_99_5)).toBe(second.median);
    expect(Number(path.share_reached_at_99_5)).toBe(second.reached);
    const best = (await csv(made.files, 'best')).find(({ method }) => method === 'path')!;
    expect(Number(best.mean_best_at_100)).toBe(expected.bestAt[1]!.mean);
    expect(made.text).toContain(expected.bestAt[1]!.mean.toFixed(2));
    const curve = (await csv(made.files, 'curves')).filter(({ method }) => method === 'path');
    expect(curve.length).toBe(150);
    expect(Number(curve[0]!.low_95)).toBeLessThan(Number(curve[0]!.mean_best));
  });

  it('compares with path encoding by the ratio of means', async () => {
    const rows = await csv(made.files, 'targets');
    const of = (method: string) => Number(rows.find((row) => row.method === method)!.mean_of_trials_at_99);
    const random = rows.find(({ method }) => method === 'random')!;
    expect(Number(random.change_from_path_at_99)).toBeCloseTo(of('random') / of('path') - 1, 12);
  });

  it('says what was run and how to repeat it', () => {
    const text = made.document.querySelector('main')!.textContent!;
    expect(made.document.querySelector('h1')!.textContent).toBe('Eight methods');
    for (const part of ['nas-bench-201', 'test_accuracy', '91.61', 'cifar10-test-seed888.csv', '2026-11-24', 'avx512'])
      expect(text).toContain(part);
    expect(text).toContain('single metric');
    for (const run of comparison) expect(text).toContain(manifest(run).command);
    expect(text).toContain('settings.bananas.candidates');
  });

  it('needs nothing from outside and runs no script', () => {
    expect(made.document.querySelectorAll('script, link[rel=stylesheet], img, iframe').length).toBe(0);
    for (const element of made.document.querySelectorAll('[src], [href]'))
      expect(element.getAttribute('href') ?? element.getAttribute('src')).toMatch(/^data:/);
    expect(made.text.replaceAll('http://www.w3.org/2000/svg', '').match(/https?:\/\/|@import/)).toBe(null);
  });

  it('carries the files that lie beside it', async () => {
    expect((await readdir(join(made.root, 'report'))).sort()).toEqual(
      [
        'best.csv',
        'curves.csv',
        'curves.svg',
        'seconds.csv',
        'seconds.svg',
        'targets.csv',
        'tau.csv',
        'tau.svg',
      ].sort(),
    );
    for (const path of [...made.files.csv, ...made.files.svg]) {
      const link = made.document.querySelector(`a[download="${path.split('/').at(-1)}"]`)!;
      const carried = Buffer.from(link.getAttribute('href')!.split(',')[1]!, 'base64').toString();
      expect(carried === (await readFile(path, 'utf8')), path).toBe(true);
    }
  });

  it('gives headings in order, headers to tables and words to figures', () => {
    const levels = [...made.document.querySelectorAll('h1, h2, h3')].map(({ localName }) => Number(localName[1]));
    expect(levels[0]).toBe(1);
    for (let i = 1; i < levels.length; i++) expect(levels[i]! - levels[i - 1]!).toBeLessThanOrEqual(1);
    expect(made.document.querySelectorAll('tbody tr:not(:has(th[scope=row]))').length).toBe(0);
    expect(made.document.querySelectorAll('thead th:not([scope])').length).toBe(0);
    for (const svg of made.document.querySelectorAll('figure div > svg'))
      expect(svg.getAttribute('aria-label')!.length).toBeGreaterThan(40);
  });

  it('is the same for the same runs', async () => {
    const again = await writeReport({ runs: made.runs, out: join(made.root, 'again.html'), title: 'Eight methods' });
    expect((await readFile(again.html, 'utf8')) === made.text).toBe(true);
  });
});

describe('a report', () => {
  it('shows intervals of the evaluations saved where they are known', async () => {
    const root = await folder();
    const [run, baseline] = await Promise.all(comparison.slice(1, 3).map((each) => makeRun(root, each)));
    const reductions = [{ run: run!, baseline: baseline!, fraction: 0.995, reduction: 0.3, low: 0.11, high: 0.42 }];
    const asked: unknown[] = [];
    const compare = (runs: readonly string[]) => {
      asked.push(runs);
      return reductions;
    };
    const files = await writeReport({ runs: [root], out: join(root, 'out.html'), reductions: compare });
    expect(asked).toEqual([[root]]);
    const { document } = parseHTML(await readFile(files.html, 'utf8'));
    const row = cells(document.querySelector('tbody tr')!);
    expect(row.some((cell) => cell.includes('−30 %') && cell.includes('−42 to −11'))).toBe(true);
    expect(document.querySelector('.lead')!.textContent).toContain('interval −42 to −11');
    expect((await csv(files, 'targets'))[0]!.change_low_at_99_5).toBe('-0.42');
  });

  it('says so when a method without a language model is ahead', async () => {
    const { document } = await report([
      { name: 'code', model: 'smollm2-135m', skill: 0.1 },
      { name: 'ngrams', skill: 0.98 },
    ]);
    const lead = document.querySelector('.lead')!.textContent!;
    expect(lead).toMatch(/^ngrams \(no language model\) reaches/);
    expect(lead).toContain('The best method with a language model, code nested, needs');
  });

  it('shows a lower bound where trials never got there', async () => {
    const { document, files } = await report([
      { name: 'random', strategy: 'random', features: null, skill: 0, budget: 60 },
    ]);
    const [row] = await csv(files, 'targets');
    expect(Number(row!.share_reached_at_99_75)).toBeLessThan(1);
    expect(cells(document.querySelector('tbody tr')!).some((cell) => cell.startsWith('≥ '))).toBe(true);
    expect(await csv(files, 'best')).toEqual([expect.not.objectContaining({ mean_best_at_100: expect.anything() })]);
    expect(files.svg.some((path) => path.endsWith('tau.svg'))).toBe(false);
  });

  it('marks runs that are not finished, and lists those that have nothing to show', async () => {
    const { document } = await report([
      { name: 'path', skill: 0.6, trials: 20, done: 7 },
      { name: 'ngrams', skill: 0.8 },
      { name: 'code', model: 'smollm2-135m', skill: 0.9, done: 0 },
    ]);
    const notice = document.querySelector('[role=note]')!.textContent!;
    expect(notice).toContain('path (7 of 20 trials)');
    expect(notice).toContain('1 run without a finished trial');
    expect(document.querySelectorAll('.tag:not(.best)').length).toBeGreaterThan(0);
    expect(document.querySelector('.notes')!.textContent).toContain('runs/code');
  });

  it('tells misses, other metrics, different budgets and one trial', async () => {
    const metrics = ['val_accuracy', 'test_accuracy'];
    const shared = { metric: 'val_accuracy', metrics, testMetric: 'test_accuracy', trials: 1 };
    const { document, files } = await report([
      { name: 'path', skill: 0.6, misses: 12, ...shared },
      { name: 'ngrams', skill: 0.8, budget: 60, ...shared },
    ]);
    const notes = document.querySelector('.notes')!.textContent!;
    expect(notes).toContain('path 12');
    expect(notes).toContain('test_accuracy, which no search looked at');
    expect(notes).toContain('different budgets');
    const path = (await csv(files, 'best')).find(({ method }) => method === 'path')!;
    expect(Number(path.mean_best_at_50) - Number(path.mean_test_at_50)).toBeCloseTo(0.4, 9);
  });

  it('keeps names, paths and commands from breaking the page or the CSV', async () => {
    const evil = '</style><script>alert(1)</script>"&\',';
    const { document, text, files } = await report(
      [{ name: 'path', features: evil, table: evil, description: evil, skill: 0.5 }],
      { title: evil },
    );
    expect(document.querySelectorAll('script').length).toBe(0);
    expect(document.querySelector('h1')!.textContent).toBe(evil);
    expect(text.includes('<script')).toBe(false);
    const content = await readFile(files.csv.find((path) => path.endsWith('best.csv'))!, 'utf8');
    expect(content).toContain('"</style><script>alert(1)</script>""&\',"');
    for (const path of files.svg) expect((await readFile(path, 'utf8')).includes('<script')).toBe(false);
  });

  it('takes a folder of runs, and each run once', async () => {
    const { runs, root } = await report(comparison.slice(0, 2));
    const files = await writeReport({ runs: [join(root, 'runs'), ...runs], out: join(root, 'folder') });
    expect(files.html).toBe(join(root, 'folder', 'report.html'));
    expect((await csv(files, 'targets')).length).toBe(2);
  });

  it('tells runs of one method apart by their folders', async () => {
    const { files } = await report([
      { name: 'first', features: 'path', skill: 0.5 },
      { name: 'second', features: 'path', skill: 0.9 },
    ]);
    expect((await csv(files, 'targets')).map(({ method }) => method).sort()).toEqual(['path (first)', 'path (second)']);
  });

  it('draws its picture alone, on its own ground and light or dark by the system', async () => {
    const root = await folder();
    await makeRun(root, comparison[0]!);
    const picture = await readFile(
      await writeCurvePicture({ runs: [root], out: join(root, 'a.svg'), title: 'A & B' }),
      'utf8',
    );
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(picture).toContain('<title>A &amp; B</title>');
    expect(picture).toContain('prefers-color-scheme:dark');
    expect(picture).not.toContain('currentColor');
  });
});
