/** Real child processes: small programs in shell and JavaScript stand where users have their trainers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { packageFile } from '#cole/base/index.js';
import { parseAnswer } from '#cole/objectives/command-answer.js';
import {
  CommandObjective,
  type CommandSettings,
  checkCommandSettings,
  commandDefaults,
} from '#cole/objectives/index.js';

const folder = mkdtempSync(join(tmpdir(), 'cole command '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const node = `'${process.execPath}'`;
let count = 0;

/** An objective in a folder of its own, closed with the test. */
function objective(command: string, settings: Partial<CommandSettings> = {}) {
  const own = join(folder, `${count++}`);
  const made = new CommandObjective({ ...commandDefaults, command, ...settings }, own, 'accuracy');
  onTestFinished(() => made.close());
  return {
    own,
    train: (name: string) => made.train({ name, arch: `|${name}'s|`, key: name, seed: 7, code: 'x = 1\n' }),
  };
}

function script(text: string): string {
  const path = join(folder, `script-${count++}.mjs`);
  writeFileSync(path, text);
  return `${node} '${path}'`;
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for still takes signals.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('parseAnswer', () => {
  it.each([
    [
      '{"metrics": {"accuracy": 0.5, "size": 3}, "cost": 2}',
      { status: 'ok', metrics: { accuracy: 0.5, size: 3 }, cost: 2 },
    ],
    ['{"invalid": "too large"}', { status: 'invalid', reason: 'too large' }],
    ['{"failed": "no data"}', { status: 'failed', reason: 'no data' }],
    ['{"metrics": {"accuracy": NaN}}', { status: 'invalid', reason: 'accuracy is NaN' }],
    ['{"metrics": {"accuracy": 1, "loss":-Infinity}}', { status: 'invalid', reason: 'loss is -Infinity' }],
  ])('reads %s', (text, outcome) => expect(parseAnswer(text, 'accuracy')).toEqual(outcome));
  it.each([
    ['', 'expected JSON as the answer, got nothing'],
    ['{"metrics": {"accuracy": 0.5}', 'expected JSON as the answer'],
    ['[1]', 'expected a JSON object'],
    ['{"accuracy": 0.5}', 'expected one of metrics, invalid, failed'],
    ['{"metrics": {"accuracy": 0.5}, "invalid": "so"}', 'expected one of metrics, invalid, failed'],
    ['{"metrics": {"acc": 0.5}}', 'expected accuracy among the metrics of the answer, got acc'],
    ['{"metrics": {"accuracy": "0.5"}}', 'expected a number as accuracy'],
    ['{"metrics": 3}', 'expected names and numbers as metrics'],
    ['{"metrics": {"accuracy": 0.5}, "cost": "2"}', 'expected a number as cost'],
    ['{"invalid": true}', 'expected a text as invalid'],
  ])('fails %s', (text, reason) =>
    expect(parseAnswer(text, 'accuracy')).toEqual({ status: 'failed', reason: expect.stringContaining(reason) }),
  );
});

describe('checkCommandSettings', () => {
  it.each([
    [{ command: 'train {cod} {out}' }, 'did you mean {code}?'],
    [{ command: ' ' }, 'got an empty one'],
    [{ command: 'serve {code}', serve: true }, 'expected no {code} in a command that serves'],
    [{ parallel: 0 }, 'of at least 1 for parallel, got 0'],
    [{ retries: -1 }, 'of at least 0 for retries, got -1'],
    [{ maxFailures: 0.5 }, 'for maxFailures, got 0.5'],
    [{ timeoutSeconds: 0 }, 'for timeoutSeconds, got 0'],
    [{ timeoutSeconds: 1e7 }, 'at most 2,000,000 seconds'],
  ])('refuses %j', (settings, message) =>
    expect(() => checkCommandSettings({ ...commandDefaults, command: 'train', ...settings })).toThrow(message),
  );
  it('leaves braces of the shell alone', () =>
    checkCommandSettings({ ...commandDefaults, command: "awk '{print $1}' {code} > $".concat('{HOME}; echo {a,b}') }));
});

describe('a command that is started for each training', () => {
  it('is told of the architecture in its command line and in its environment', async () => {
    const { own, train } = objective(
      `printf '{"metrics": {"accuracy": 1, "seed": %s}}' {seed} > {out}; echo {arch} "$COLE_TRAINING_ARCH" {key}; cat {code} "$COLE_TRAINING_CODE"`,
    );
    const { outcome, tries, seconds } = await train('a');
    expect(outcome).toEqual({ status: 'ok', metrics: { accuracy: 1, seed: 7 } });
    expect(tries).toBe(1);
    expect(seconds).toBeGreaterThan(0);
    expect(readFileSync(join(own, 'a.log'), 'utf8')).toBe("|a's| |a's| a\nx = 1\nx = 1\n");
  });
  it('is tried again when it fails, and keeps what it wrote', async () => {
    const { own, train } = objective(
      `echo "try of {key}" >&2; [ -e "$COLE_TRAINING_CODE.again" ] && echo '{"metrics": {"accuracy": 3}}' > {out} && exit; touch "$COLE_TRAINING_CODE.again"; exit 4`,
    );
    expect(await train('a')).toMatchObject({ outcome: { status: 'ok' }, tries: 2 });
    const log = readFileSync(join(own, 'a.log'), 'utf8');
    expect(log).toMatch(/^try of a\ncole: failed: the command ended with exit code 4.*\ntry of a\n$/);
  });
  it('fails with the end of its log, or for want of an answer', async () => {
    const broken = objective(`echo "Traceback: no GPU" >&2; exit 1`, { retries: 2 });
    const { outcome, tries } = await broken.train('a');
    expect(tries).toBe(3);
    expect(outcome).toEqual({
      status: 'failed',
      reason: 'the command ended with exit code 1; the end of its log:\nTraceback: no GPU',
    });
    expect((await objective('true', { retries: 0 }).train('a')).outcome).toMatchObject({
      reason: expect.stringMatching(/expected an answer in .*a.json, got no file/),
    });
    expect((await objective('kill -9 $$', { retries: 0 }).train('a')).outcome).toMatchObject({
      reason: 'the command was ended by SIGKILL',
    });
  });
  it('takes no answer from a program that failed after it, nor one of an earlier try', async () => {
    const { train } = objective(
      `[ -e {code}.2 ] && exit 0; touch {code}.2; echo '{"metrics": {"accuracy": 3}}' > {out}; exit 1`,
    );
    expect((await train('a')).outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('got no file'),
    });
  });
  it('is not tried again when it says that the architecture is invalid', async () => {
    const { train } = objective(`echo '{"invalid": "needs 80 GB"}' > {out}`, { retries: 5 });
    expect(await train('a')).toMatchObject({ outcome: { status: 'invalid', reason: 'needs 80 GB' }, tries: 1 });
  });
  it('runs so many at a time', async () => {
    const { own, train } = objective(
      `mkdir -p now; cd now; touch {key}; ls | wc -l >> ../most; sleep 0.2; rm {key}; echo '{"metrics": {"accuracy": 1}}' > {out}`
        .replaceAll('now', `'${join(folder, 'now')}'`)
        .replace('../most', `'${join(folder, 'most')}'`),
      { parallel: 3 },
    );
    await Promise.all([...'abcdefg'].map(train));
    const most = Math.max(...readFileSync(join(folder, 'most'), 'utf8').trim().split(/\s+/).map(Number));
    expect(most).toBe(3);
    expect(readdirSync(own).filter((name) => name.endsWith('.json'))).toHaveLength(7);
  });
  it('stops everything after so many failures in a row', async () => {
    const { train } = objective(
      `case {key} in ok*) echo '{"metrics": {"accuracy": 1}}' > {out};; *) echo no luck with {key}; exit 1;; esac`,
      { maxFailures: 3, retries: 0 },
    );
    for (const name of ['a', 'b', 'ok1', 'c', 'd']) await train(name);
    await expect(train('e')).rejects.toMatchObject({
      code: 'ERR_TRAINING',
      message: expect.stringMatching(/3 trainings in a row failed[\s\S]*no luck with e[\s\S]*e\.\*/),
    });
  });
  it.skipIf(process.platform !== 'linux')(
    'is ended with all that it started when it takes too long',
    { timeout: 30_000 },
    async () => {
      const pids = join(folder, 'pids');
      const stubborn = `trap '' TERM; echo $$ >> '${pids}'; while :; do sleep 0.1; done`;
      writeFileSync(join(folder, 'stubborn.sh'), stubborn);
      const { train } = objective(
        `sh '${folder}/stubborn.sh' & setsid sh '${folder}/stubborn.sh' & sh '${folder}/stubborn.sh'`,
        { timeoutSeconds: 1, retries: 3 },
      );
      expect(await train('a')).toMatchObject({
        outcome: { status: 'failed', reason: 'no answer within 1 s' },
        tries: 1,
      });
      const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
      expect(started).toHaveLength(3);
      await sleep(50);
      expect(started.filter(alive)).toEqual([]);
    },
  );
  it('leaves nothing running behind when it ends by itself', async () => {
    const { train } = objective(`sleep 60 & echo $! > {code}.pid; echo '{"metrics": {"accuracy": 1}}' > {out}`);
    const began = performance.now();
    expect((await train('a')).outcome.status).toBe('ok');
    expect(performance.now() - began).toBeLessThan(10_000);
    await sleep(50);
    const pid = Number(readFileSync(join(folder, `${count - 1}`, 'a.py.pid'), 'utf8'));
    expect(alive(pid)).toBe(false);
  });
});

describe('a command that serves', () => {
  const server = (body: string) =>
    script(`import { createInterface } from 'node:readline';
      import { readFileSync } from 'node:fs';
      let n = 0;
      console.error('started');
      createInterface({ input: process.stdin }).on('line', async (line) => {
        const { id, arch, code, key, seed } = JSON.parse(line);
        const answer = (found) => console.log(JSON.stringify({ id, ...found }));
        n++;
        ${body}
      });`);

  it('gets trainings as lines, answers by their id, and has its other words in the log', async () => {
    const { own, train } = objective(
      server(
        `console.log('epoch 1 of ' + key); console.log('{"id": 99, "metrics": {"accuracy": 0}}');
         answer({ metrics: { accuracy: n, seed, code: readFileSync(code, 'utf8').length } });`,
      ),
      { serve: true },
    );
    for (const [i, name] of ['a', 'b', 'c'].entries())
      expect((await train(name)).outcome).toEqual({ status: 'ok', metrics: { accuracy: i + 1, seed: 7, code: 6 } });
    expect(readFileSync(join(own, 'b.log'), 'utf8')).toBe('epoch 1 of b\n{"id": 99, "metrics": {"accuracy": 0}}\n');
  });
  it('is started again when it dies or takes too long', { timeout: 30_000 }, async () => {
    const { train } = objective(
      server(
        `if (key === 'dies') { console.error('no memory'); process.exit(3); }
         if (key !== 'late') answer({ metrics: { accuracy: n } });`,
      ),
      { serve: true, retries: 0, timeoutSeconds: 3 },
    );
    const outcome = async (name: string) => (await train(name)).outcome;
    expect(await outcome('a')).toEqual({ status: 'ok', metrics: { accuracy: 1 } });
    expect(await outcome('dies')).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/ended with exit code 3 before it answered.*[\s\S]*no memory/),
    });
    expect(await outcome('b')).toEqual({ status: 'ok', metrics: { accuracy: 1 } });
    expect(await outcome('late')).toEqual({ status: 'failed', reason: 'no answer within 3 s' });
    expect(await outcome('c')).toEqual({ status: 'ok', metrics: { accuracy: 1 } });
  });
  it('may end after an answer, which counts', { timeout: 20_000 }, async () => {
    const { train } = objective(
      server(`process.stdout.write('{"id":' + id + ',"metrics":{"accuracy":' + n + '}}\\n', () => process.exit(0));`),
      { serve: true, retries: 0 },
    );
    for (const name of ['a', 'b', 'c'])
      expect((await train(name)).outcome).toEqual({ status: 'ok', metrics: { accuracy: 1 } });
  });
  it('may say that a training failed, or that it came to no number', async () => {
    const { train } = objective(
      server(
        `if (key === 'a') answer({ failed: 'KeyError' }); else process.stdout.write('{"id": ' + id + ', "metrics": {"accuracy": NaN}}\\n');`,
      ),
      { serve: true, retries: 1 },
    );
    expect(await train('a')).toMatchObject({ outcome: { status: 'failed', reason: 'KeyError' }, tries: 2 });
    expect(await train('b')).toMatchObject({ outcome: { status: 'invalid', reason: 'accuracy is NaN' }, tries: 1 });
  });
});

describe('the end of whoever asked', () => {
  const pid = join(folder, 'trainer.pid');
  const command = `echo $$ > '${pid}'; sleep 60`;

  it('by closing refuses what runs and what waits', async () => {
    const own = join(folder, `${count++}`);
    const made = new CommandObjective({ ...commandDefaults, command }, own, 'accuracy');
    const asked = ['a', 'b'].map((name) => made.train({ name, arch: name, key: name, seed: 1, code: '' }));
    const settled = Promise.allSettled(asked);
    while (!existsSync(pid) || readFileSync(pid, 'utf8') === '') await sleep(10);
    await made.close();
    expect(await settled).toMatchObject(asked.map(() => ({ status: 'rejected', reason: { code: 'ERR_INTERRUPTED' } })));
    expect(alive(Number(readFileSync(pid, 'utf8')))).toBe(false);
  });
  it.skipIf(process.platform === 'win32')('by kill -9 ends the trainings too', { timeout: 30_000 }, async () => {
    rmSync(pid, { force: true });
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { CommandObjective, commandDefaults } from ${JSON.stringify(packageFile('dist', 'objectives', 'index.js'))};
         const made = new CommandObjective({ ...commandDefaults, command: ${JSON.stringify(command)} }, ${JSON.stringify(join(folder, 'killed'))}, 'accuracy');
         await made.train({ name: 'a', arch: 'a', key: 'a', seed: 1, code: '' });`,
      ],
      { stdio: 'inherit' },
    );
    while (!existsSync(pid) || readFileSync(pid, 'utf8') === '') await sleep(10);
    const trainer = Number(readFileSync(pid, 'utf8'));
    expect(alive(trainer)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (let waited = 0; alive(trainer) && waited < 5000; waited += 20) await sleep(20);
    expect(alive(trainer)).toBe(false);
  });
});
