/** `cole sample`, `render`, `mutate`, `screen` and `merge` over einspace, as a user types them; no language model. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { columnsToFile, fileToColumns } from '#cole/arrow/index.js';
import { cole } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-screen-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

const space = 'einspace:1x8x8,maxParameters=100000';
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const sampled = await cole(['sample', '--space', space, '-n', '120', '--unique']);

describe('einspace on the command line', { timeout: 120_000 }, () => {
  it('is sampled, with what was rejected and why', async () => {
    expect(sampled.code).toBe(0);
    const rows = lines(sampled.stdout);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(120);
    expect(sampled.stderr).toMatch(/\d+ draws passed the limit of parameters/);
    expect((await cole(['sample', '--space', space, '-n', '120', '--unique'])).stdout).toBe(sampled.stdout);
  });
  it('is rendered in every style, and mutated', async () => {
    const input = sampled.stdout.split('\n').slice(0, 3).join('\n');
    const styles = (await cole(['render', '--space', space, '--styles'])).stdout.trim().split('\n');
    expect(styles).toEqual(
      expect.arrayContaining(['flat', 'flat+peephole+head', 'modules', 'nested', 'statements', 'arch']),
    );
    const [nested] = lines((await cole(['render', '--space', space], { input })).stdout);
    expect(nested.text).toMatch(/^net = /);
    const [flat] = lines((await cole(['render', '--space', space, '--style', 'flat+head'], { input })).stdout);
    expect(flat.text).toContain('self.head = nn.Linear(');
    const mutants = lines((await cole(['mutate', '--space', space, '-n', '2'], { input })).stdout);
    expect(mutants).toHaveLength(6);
    for (const { key, parent } of mutants) expect(key).not.toBe(parent);
  });
  it('is told apart from the space that commands have without --space', async () => {
    for (const command of ['render', 'mutate', 'embed']) {
      const args = command === 'embed' ? ['--plan'] : [];
      const { code, stderr } = await cole([command, ...args], { input: sampled.stdout.split('\n')[0]! });
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('it looks like one of einspace: see --space (standard'),
      ]);
    }
  });
  it('is screened from a benchmark that is part of cole, in its space and by its metric', async () => {
    const args = ['screen', '-n', '50', '--benchmark', 'einspace-digits', '--features', 'counts', '--full', '100%'];
    const { code, stderr } = await cole([...args, '--out', file('embedded')]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('50 architectures')]);
    const summary = JSON.parse(readFileSync(join(file('embedded'), 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ metric: 'val_accuracy', space: expect.stringContaining('einspace:1x8x8') });
  });
  const known = file('known.arrow');
  const archs = lines(sampled.stdout).map(({ arch }) => arch as string);
  writeFileSync(
    known,
    columnsToFile({ arch: archs, length: Float64Array.from(archs, (arch) => Math.log(arch.length)) }),
  );
  const common = [
    '--workers',
    '1',
    'screen',
    '--space',
    space,
    '--table',
    known,
    '--metric',
    'length',
    '--features',
    'ngrams',
    '--top',
    '7',
  ];

  it('is screened, in one piece and in shards', async () => {
    const whole = await cole([...common, '-n', '300', '--chunk', '100', '--out', file('whole')]);
    expect(whole.stderr).toContain('300 architectures');
    expect(whole.code).toBe(0);
    expect(whole.stdout.trim().split('\n')).toHaveLength(6);
    for (const shard of ['1/2', '2/2']) {
      const out = file(`shard${shard[0]}`);
      const part = await cole([...common, '-n', '300', '--chunk', '100', '--shard', shard, '--out', out]);
      expect(part.code).toBe(0);
    }
    expect((await cole(['merge', file('shard1'), file('shard2'), '--out', file('merged')])).code).toBe(0);
    expect(readFileSync(join(file('merged'), 'top.arrow'))).toEqual(readFileSync(join(file('whole'), 'top.arrow')));
    const { rows, columns } = fileToColumns('top', readFileSync(join(file('whole'), 'top.arrow')));
    expect(rows).toBe(7);
    expect([...columns.keys()]).toEqual(['key', 'identity', 'arch', 'score', 'std']);
  });
  it('takes lines, JSON lines, Arrow and folders in place of random ones', async () => {
    const scores = async (input: string, out: string) => {
      const done = await cole([...common, input, '--json', '--out', file(out)]);
      expect(done.stderr).toBe('');
      expect(JSON.parse(done.stdout)).toMatchObject({ taken: 120 });
      return fileToColumns(out, readFileSync(join(file(out), 'top.arrow'))).columns.get('score')!.values;
    };
    writeFileSync(file('plain.txt'), archs.join('\n'));
    const rendered = (await cole(['render', '--space', space], { input: sampled.stdout })).stdout;
    writeFileSync(file('texts.jsonl'), rendered);
    writeFileSync(file('archs.arrow'), columnsToFile({ arch: archs }));
    mkdirSync(file('networks'));
    for (const [at, { text }] of lines(rendered).entries()) writeFileSync(join(file('networks'), `${at}.py`), text);
    const plain = await scores(file('plain.txt'), 'a');
    for (const [at, input] of ['texts.jsonl', 'archs.arrow', 'networks'].entries())
      expect(await scores(file(input), `b${at}`)).toEqual(plain);
  });
  it('refuses inputs and directories that are not right', async () => {
    const refused = async (args: string[], message: string) => {
      const { code, stderr } = await cole([...common, ...args, '--out', file('refused')]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    };
    await refused([file('missing.jsonl')], 'there is none');
    await refused(['-'], 'which can be read again');
    await refused(['-n', '5', known], 'and not both');
    writeFileSync(file('bad.jsonl'), '{"arch":"sequential(computation<nrom>, computation<norm>)"}\n');
    await refused([file('bad.jsonl')], 'bad.jsonl:1');
    const { code, stderr } = await cole(['merge', folder, '--out', file('none')]);
    expect(stderr).toContain('finished screen');
    expect(code).toBe(2);
  });
});
