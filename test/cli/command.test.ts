/** `cole search --command` as a user runs it, with the trainer of examples/digits where Python has PyTorch. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cole, projectRoot, start, temporaryFolder } from './run.js';

const trainings = (run: string) =>
  existsSync(join(run, 'journal.jsonl'))
    ? readFileSync(join(run, 'journal.jsonl'), 'utf8').split('"type":"training"').length - 1
    : 0;
const trials = (run: string) => readFileSync(join(run, 'trials.csv'), 'utf8');

const pythons = [process.env.COLE_PYTHON, 'python3', '/usr/bin/python3'].filter((p): p is string => Boolean(p));
const python = pythons.find((each) => spawnSync(each, ['-c', 'import torch, sklearn']).status === 0);
const train = join(projectRoot, 'examples', 'digits', 'train.py');

describe.skipIf(python === undefined)('the trainer of the example (needs Python with PyTorch and scikit-learn)', () => {
  const space = ['--space', 'einspace:1x8x8,maxNodes=60,maxParameters=20000,maxElements=4096'];
  const metrics = ['--metric', 'val_accuracy', '--test-metric', 'test_accuracy'];

  it('is killed twice in einspace and comes to the same trials', { timeout: 240_000 }, async () => {
    const serve = ['--command', `'${python}' '${train}' --serve`, '--serve', '--parallel', '2'];
    const bananas = ['--features', 'derivation+counts', '--initial', '6', '--batch', '4', '--budget', '12'];
    const args = ['search', ...space, ...metrics, ...serve, ...bananas, '--out', 'run'];
    const [whole, killed] = [temporaryFolder(), temporaryFolder()];
    expect((await cole(args, { cwd: whole })).code).toBe(0);
    for (const after of [3, 8]) {
      const { child, result } = start(args, { cwd: killed });
      while (trainings(join(killed, 'run')) < after && child.exitCode === null) await sleep(10);
      child.kill('SIGKILL');
      expect((await result).signal).toBe('SIGKILL');
    }
    expect((await cole(args, { cwd: killed })).code).toBe(0);
    expect(trials(join(killed, 'run'))).toBe(trials(join(whole, 'run')));
    expect(trainings(join(killed, 'run'))).toBe(trainings(join(whole, 'run')));
    for (const line of trials(join(whole, 'run')).trim().split('\n').slice(1))
      expect(Number(line.split(',').at(-1))).toBeGreaterThan(3);
    const report = await cole(['report', 'run', '--out', 'report.html'], { cwd: whole });
    expect(report.code).toBe(0);
    const html = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(html).toContain('Best that was found');
    expect(html).not.toContain('in the table');
  });

  it('trains NAS-Bench-201 cells too, each in a process of its own', { timeout: 120_000 }, async () => {
    const cwd = temporaryFolder();
    const command = `'${python}' '${train}' {code} {out} --seed {seed}`;
    const args = [
      'search',
      '--command',
      command,
      ...metrics,
      '--strategy',
      'random',
      '--budget',
      '2',
      '--parallel',
      '2',
    ];
    const { code, stdout } = await cole([...args, '--out', 'run', '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ objective: { kind: 'command' }, trials: { done: 1 } });
    const files = readdirSync(join(cwd, 'run', 'trainings'));
    expect(files.filter((name) => name.endsWith('.py'))).toHaveLength(trainings(join(cwd, 'run')));
  });
});

it('is interrupted with 130 and leaves no trainer behind', { timeout: 60_000 }, async () => {
  const cwd = temporaryFolder();
  const command = `echo $$ >> pids; [ -e ready ] && echo '{"metrics": {"a": 1}}' > {out} || sleep 60`;
  const args = [
    'search',
    '--command',
    command,
    '--metric',
    'a',
    '--strategy',
    'random',
    '--budget',
    '3',
    '--parallel',
    '2',
  ];
  const { child, result } = start([...args, '--out', 'run'], { cwd });
  const pids = () =>
    existsSync(join(cwd, 'pids')) ? readFileSync(join(cwd, 'pids'), 'utf8').trim().split('\n').map(Number) : [];
  while (pids().length < 2 && child.exitCode === null) await sleep(10);
  child.kill('SIGINT');
  expect((await result).code).toBe(130);
  for (const pid of pids()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(trainings(join(cwd, 'run'))).toBe(0);
});

it('takes no settings of a command without one, and no table beside it', async () => {
  const alone = await cole(['search', '--parallel', '2']);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('expected --command beside settings of it')]);
  const both = await cole(['search', '--command', 'train', '--table', 'x.csv', '--metric', 'a']);
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('cannot be used with')]);
  const typo = await cole(['search', '--command', 'train {cdoe}', '--metric', 'a']);
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('did you mean {code}?')]);
});

it('stops on a full disk, blames no training for it, and goes on when there is room', {
  timeout: 60_000,
}, async (context) => {
  const disk = temporaryFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160k', 'tmpfs', disk]).status !== 0)
    return context.skip('mounting a small file system needs root');
  onTestFinished(() => {
    spawnSync('umount', [disk]);
  });
  const command = `head -c 20000 /dev/zero; echo '{"metrics": {"a": {seed}}}' > {out}`;
  const args = ['search', '--command', command, '--metric', 'a', '--strategy', 'random', '--budget', '12'];
  const run = (out: string) => cole([...args, '--out', out]);
  const full = await run(join(disk, 'run'));
  expect([full.code, full.stderr]).toEqual([1, expect.stringMatching(/expected to write .*, but the disk is full/)]);
  expect(readFileSync(join(disk, 'run', 'journal.jsonl'), 'utf8')).not.toContain('"failed"');
  expect(spawnSync('mount', ['-o', 'remount,size=4m', disk]).status).toBe(0);
  expect((await run(join(disk, 'run'))).code).toBe(0);
  const elsewhere = join(temporaryFolder(), 'run');
  expect((await run(elsewhere)).code).toBe(0);
  expect(trials(join(disk, 'run'))).toBe(trials(elsewhere));
});
