/** What a kill costs: at most the chunk that each worker has in hand, wherever it strikes, and nothing of the outcome. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { runScreen } from '#cole/index.js';
import { space } from '#cole/spaces/index.js';
import { common, folder, fresh, name, outcome } from './known.js';

const workers = 2;
const chunk = 100;
const chunks = 30;
const { count: _, ...known } = common;
const options = { ...known, features: 'ngrams', chunk, workers };

/** Begins the screen, and writes down which chunk it begins to read. */
const script = `
import { appendFileSync, readFileSync } from 'node:fs';
import { runScreen } from '#cole/index.js';
const { options, archs, log } = JSON.parse(readFileSync(process.env.SCREEN, 'utf8'));
async function* rows() {
  for (const [at, arch] of archs.entries()) {
    if (at % options.chunk === 0) appendFileSync(log, at / options.chunk + '\\n');
    yield { arch, place: 'row ' + at };
  }
}
await runScreen({ ...options, input: { identity: 'archs', rows } });
`;

it('a kill loses at most one chunk of each worker, and no chunk twice', { timeout: 120_000 }, async () => {
  const { print, sample } = space(name);
  const rng = stream('killed screen');
  const archs = Array.from({ length: chunk * chunks }, () => print(sample(rng)));
  const out = fresh();
  const log = join(folder, 'begun.txt');
  writeFileSync(join(folder, 'screen.json'), JSON.stringify({ options: { ...options, out }, archs, log }));
  const journal = join(out, 'journal.jsonl');
  const done = () =>
    existsSync(journal)
      ? [...readFileSync(journal, 'utf8').matchAll(/"chunk","index":(\d+),.*\n/g)].map(([, index]) => Number(index))
      : [];
  const lost: number[] = [];
  for (let kill = 0; kill < 4; kill++) {
    writeFileSync(log, '');
    const before = done().length;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, SCREEN: join(folder, 'screen.json') },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (done().length < before + 1 + rng.int(3) && child.exitCode === null) await sleep(2);
    await sleep(rng.int(20));
    child.kill('SIGKILL');
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    const kept = new Set(done());
    // Chunks are read in order, so those that were read and are not done are what was in hand.
    const begun = Math.max(...readFileSync(log, 'utf8').trim().split('\n').map(Number)) + 1;
    lost.push(Array.from({ length: begun }, (_, index) => index).filter((index) => !kept.has(index)).length);
  }
  expect(Math.max(...lost)).toBeLessThanOrEqual(workers);
  expect(Math.max(...lost)).toBeGreaterThan(0);
  const rows = async function* () {
    for (const [at, arch] of archs.entries()) yield { arch, place: `row ${at}` };
  };
  const input = { identity: 'archs', rows };
  // What a kill in the middle of writing leaves goes.
  writeFileSync(join(out, 'summary.json.12345-0123abcd.tmp'), '{');
  await runScreen({ ...options, out, input });
  expect(readdirSync(out).sort()).toEqual(['journal.jsonl', 'manifest.json', 'summary.json', 'top.arrow']);
  expect(done().sort((a, b) => a - b)).toEqual(Array.from({ length: chunks }, (_, index) => index));
  const whole = fresh();
  await runScreen({ ...options, out: whole, input });
  expect(await outcome(out)).toEqual(await outcome(whole));
});
