/** Reports opened from disk in a real Chromium: they show everything, ask nobody for anything, and fit a phone. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stream, writeFileAtomic } from '#cole/base/index.js';
import { writeCurvePicture, writeReport } from '#cole/report/index.js';
import { space } from '#cole/spaces/index.js';
import { compareRuns, runSearch } from '#cole/study/index.js';
import { comparison, makeRun } from './runs.js';

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const reason = executablePath ? '' : ' (skipped: no Chromium; apt-get install chromium, or set CHROMIUM_PATH)';

describe.skipIf(!executablePath)(`a report in a browser${reason}`, { timeout: 60_000 }, () => {
  let browser: Browser;
  let root: string;
  let html: string;
  let picture: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args });
    root = await mkdtemp(join(tmpdir(), 'cole-browser-'));
    const runs = await Promise.all(comparison.map((run) => makeRun(join(root, 'runs'), run)));
    html = (await writeReport({ runs, out: join(root, 'report.html') })).html;
    picture = await writeCurvePicture({ runs, out: join(root, 'picture.svg') });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (root) await rm(root, { recursive: true, force: true });
  });

  /** Opens a file; `trouble` gathers console messages, page errors and every request but that for the file itself. */
  async function open(path: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
    const trouble: string[] = [];
    const url = pathToFileURL(path).href;
    page.on('console', (message) => trouble.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== url) trouble.push(`request: ${request.url().slice(0, 100)}`);
    });
    await page.goto(url);
    return { page, trouble };
  }

  const overflow = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  it('opens without errors or requests', async () => {
    const { page, trouble } = await open(html);
    expect(trouble).toEqual([]);
    expect(await page.title()).toContain('cifar10-test-seed888.csv');
    expect(await overflow(page)).toBe(0);
    await page.close();
  });

  it.each([
    ['wide', 1200],
    ['narrow', 400],
  ] as const)('shows every figure, and every method beside its numbers, on a %s screen', async (kind, width) => {
    const { page, trouble } = await open(html, { viewport: { width, height: 800 } });
    const figures = page.locator(`figure .${kind} > svg`);
    expect(await figures.count()).toBe(3);
    for (const figure of await figures.all()) {
      const box = (await figure.boundingBox())!;
      expect(box.width).toBeGreaterThan(width * 0.7);
      expect(box.height).toBeGreaterThan(200);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
    }
    expect(
      await page
        .locator(`figure .${kind === 'wide' ? 'narrow' : 'wide'} > svg`)
        .first()
        .isVisible(),
    ).toBe(false);
    for (const { name, model } of comparison) {
      const shown = model ? `${name} nested` : name;
      const header = page
        .locator('table')
        .first()
        .locator('th[scope=row]', { has: page.getByText(shown, { exact: true }) });
      expect(await header.isVisible()).toBe(true);
    }
    expect(await overflow(page)).toBe(0);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it('draws every line within its frame and every name within the figure', async () => {
    const { page } = await open(html);
    const outside = await page.evaluate(`[...document.querySelectorAll('figure .wide > svg')].flatMap((svg) => {
      const frame = svg.getBoundingClientRect();
      return [...svg.querySelectorAll('path, text, rect')].filter((part) => {
        const box = part.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
      }).map((part) => part.outerHTML.slice(0, 120));
    })`);
    expect(outside).toEqual([]);
    const lines = await page
      .locator('#curves ~ figure .wide path[stroke-width], #curves ~ figure .wide g[aria-label=line] path')
      .count();
    expect(lines).toBe(comparison.length);
    await page.close();
  });

  it('turns dark with the system, figures included', async () => {
    const read = async (colorScheme: 'light' | 'dark') => {
      const { page } = await open(html, { colorScheme });
      const colours = await page.evaluate(`[
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.body).color,
        getComputedStyle(document.querySelector('figure .wide g[aria-label=line]')).stroke,
        getComputedStyle(document.querySelector('figure .wide text')).fill,
      ]`);
      await page.close();
      return colours as string[];
    };
    const [light, dark] = [await read('light'), await read('dark')];
    const brightness = (colour: string) =>
      colour
        .match(/\d+/g)!
        .slice(0, 3)
        .reduce((sum, c) => sum + Number(c), 0) / 3;
    for (const i of [0, 1, 2, 3]) expect(dark[i]).not.toBe(light[i]);
    expect(brightness(light[0]!)).toBeGreaterThan(brightness(light[1]!) + 150);
    expect(brightness(dark[1]!)).toBeGreaterThan(brightness(dark[0]!) + 150);
    expect(brightness(dark[3]!)).toBeGreaterThan(brightness(dark[0]!) + 100);
  });

  it('says the same without JavaScript', async () => {
    const { page, trouble } = await open(html, { javaScriptEnabled: false });
    expect(await page.locator('figure .wide > svg').first().isVisible()).toBe(true);
    await page.locator('summary').click();
    expect(await page.locator('.settings').isVisible()).toBe(true);
    expect(trouble).toEqual([]);
    await page.close();
  });

  it('hands out the files it carries', async () => {
    const { page } = await open(html);
    for (const name of ['curves.csv', 'tau.svg']) {
      const waiting = page.waitForEvent('download');
      await page.locator(`a[download="${name}"]`).click();
      expect((await waiting).suggestedFilename()).toBe(name);
    }
    await page.close();
  });

  it('has SVG files that are well-formed and show by themselves', async () => {
    const files = (await readdir(join(root, 'report'))).filter((name) => name.endsWith('.svg'));
    expect(files.length).toBe(3);
    for (const path of [picture, ...files.map((name) => join(root, 'report', name))]) {
      const { page, trouble } = await open(path);
      expect(await page.evaluate('document.querySelector("parsererror")?.textContent')).toBe(undefined);
      const box = (await page.locator('svg').first().boundingBox())!;
      expect(box.width * box.height).toBeGreaterThan(100_000);
      expect(trouble).toEqual([]);
      await page.close();
    }
  });

  it('shows a real run', async () => {
    const folder = await mkdtemp(join(root, 'real-'));
    const cells = space('nas-bench-201');
    const noise = stream('browser test');
    const lines = [...cells.enumerate!()].map((arch) => {
      const text = cells.print(arch);
      return `${text},${(50 + 5 * text.split('3x3').length + noise.float()).toFixed(4)}`;
    });
    const table = join(folder, 'table.csv');
    await writeFileAtomic(table, `arch,accuracy\n${lines.join('\n')}\n`);
    const shared = { table, metric: 'accuracy', trials: 3, budget: 40 } as const;
    const runs = ['path', 'random', 'evolution'].map((name) => join(folder, name));
    await runSearch({ ...shared, features: 'path', out: runs[0]! });
    await runSearch({ ...shared, strategy: 'random', out: runs[1]! });
    await runSearch({ ...shared, strategy: 'evolution', out: runs[2]! });
    const report = await writeReport({ runs, out: join(folder, 'report.html'), reductions: compareRuns(runs) });
    const { page, trouble } = await open(report.html);
    expect(trouble).toEqual([]);
    for (const name of ['path', 'random', 'evolution'])
      expect(await page.locator('table').first().getByText(name, { exact: true }).first().isVisible()).toBe(true);
    expect(await page.locator('figure .wide > svg').count()).toBe(3);
    expect(await overflow(page)).toBe(0);
    await page.close();
  });
});
