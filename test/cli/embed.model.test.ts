/** The road from architectures to scores with a real language model, and what may be wrong on it. */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileToEmbeddings } from '#cole/arrow/index.js';
import { cole, jsonLines, shell, start, temporaryFolder } from './run.js';

const model = 'all-minilm-l6-v2';
const embed = ['embed', '--model', model];
let modelFolder: string;

beforeAll(async () => {
  const { stdout } = await cole(['models', 'show', model, '--json']);
  const entry = JSON.parse(stdout);
  expect(entry).toMatchObject({ name: model, present: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  modelFolder = entry.folder;
});

/** A data folder of its own that holds a copy of the model. */
function homeWithModel(): { home: string; folder: string } {
  const home = temporaryFolder();
  const folder = join(home, 'models', model);
  cpSync(modelFolder, folder, { recursive: true });
  return { home, folder };
}

describe('embed', () => {
  it('takes architectures to vectors, a head and scores', async () => {
    const cwd = temporaryFolder();
    const script = `cole sample -n 40 --unique > archs.jsonl
      cole embed archs.jsonl --model ${model} --out e.arrow
      (echo arch,accuracy; cole render archs.jsonl | node -e "
        require('fs').readFileSync(0, 'utf8').trim().split('\\n').map(JSON.parse)
          .forEach(({arch, text}) => console.log(arch + ',' + text.length))") > table.csv
      cole fit --embeddings e.arrow --table table.csv --metric accuracy --out head.arrow --json
      cole predict --head head.arrow --embeddings e.arrow`;
    const { code, stdout } = await shell(script, { cwd });
    expect(code).toBe(0);
    const [statistics, ...scores] = jsonLines(stdout);
    expect(statistics).toMatchObject({ rows: 40, missing: 0 });
    expect(statistics!.tau).toBeGreaterThan(0.5);
    expect(scores).toHaveLength(40);
    const { metadata, rows, keys } = fileToEmbeddings('e.arrow', readFileSync(join(cwd, 'e.arrow')));
    expect([rows.rows, rows.cols]).toEqual([40, 384]);
    expect(metadata.text).toContain('nas-bench-201/');
    expect(scores.map(({ key }) => key)).toEqual(keys);
  });
  it('reads texts and folders of .py files, in a fixed order', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'nets', 'b'), { recursive: true });
    writeFileSync(join(cwd, 'nets', 'z.py'), 'nn.Conv2d(3, 16, 3)');
    writeFileSync(join(cwd, 'nets', 'b', 'a.py'), 'nn.Linear(3, 16)');
    writeFileSync(join(cwd, 'nets', 'notes.txt'), 'not read');
    const files = jsonLines((await cole([...embed, 'nets', '--json'], { cwd })).stdout);
    expect(files.map(({ key }) => key)).toEqual(['b/a.py', 'z.py']);
    const input = `${JSON.stringify({ key: 'q', text: 'nn.Linear(3, 16)' })}\n`;
    const [text] = jsonLines((await cole([...embed, '--json'], { input })).stdout);
    expect(text).toEqual({ ...files[0], key: 'q' });
  });
  it('embeds nothing twice, and the same for any number of threads', async () => {
    const env = { COLE_CACHE: join(temporaryFolder(), 'cache') };
    const input = (await cole(['sample', '-n', '20'])).stdout;
    const first = await cole([...embed, '--json', '--threads', '1'], { input, env });
    const again = await cole([...embed, '--json'], { input, env });
    expect(again.stderr).toContain(' 0 embedded');
    expect(again.stdout).toBe(first.stdout);
    const fresh = await cole([...embed, '--json', '--cache', 'none', '--threads', '2'], { input });
    expect(fresh.stdout).toBe(first.stdout);
  });
  it('refuses a text over the limit by name, or cuts it and says so', async () => {
    const input = `${JSON.stringify({ key: 'short', text: 'x' })}\n${JSON.stringify({ key: 'long', text: 'x '.repeat(600) })}\n`;
    const refused = await cole([...embed, '--json'], { input });
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(
      /expected at most \d+ tokens in long \(standard input:2\), got 602; --on-long chunk/,
    );
    const cut = await cole([...embed, '--json', '--on-long', 'truncate'], { input });
    expect([cut.code, jsonLines(cut.stdout)]).toEqual([
      0,
      [expect.anything(), expect.objectContaining({ tokens: 602 })],
    ]);
    expect(cut.stderr).toContain('1 texts were longer than the limit and were cut');
    const split = await cole([...embed, '--json', '--on-long', 'chunk'], { input });
    expect([split.code, jsonLines(split.stdout)[1]]).toEqual([0, expect.objectContaining({ tokens: 602 })]);
    expect(split.stderr).toMatch(/1 texts were longer than the limit and were split into [23] windows/);
    expect(jsonLines(split.stdout)[0]).toEqual(jsonLines(cut.stdout)[0]);
    expect(jsonLines(split.stdout)[1]!.embedding).not.toEqual(jsonLines(cut.stdout)[1]!.embedding);
  });
  it('gives several poolings as columns of one file, of which a head takes the one it is told', async () => {
    const cwd = temporaryFolder();
    const script = `cole sample -n 12 --unique > archs.jsonl
      cole embed archs.jsonl --model ${model} --pool mean,last_token,layer:3 --out several.arrow
      cole embed archs.jsonl --model ${model} --pool last_token --out one.arrow
      (echo arch,accuracy; cole render archs.jsonl | node -e "
        require('fs').readFileSync(0, 'utf8').trim().split('\\n').map(JSON.parse)
          .forEach(({arch, text}) => console.log(arch + ',' + text.length))") > table.csv
      cole fit --head ridge --embeddings several.arrow --column last_token --table table.csv --metric accuracy --out h.arrow
      cole predict --head h.arrow --embeddings one.arrow`;
    const { code, stdout } = await shell(script, { cwd });
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .slice(-12)
        .every((line) => 'mean' in JSON.parse(line)),
    ).toBe(true);
    const read = (name: string, column?: string) =>
      fileToEmbeddings(name, readFileSync(join(cwd, `${name}.arrow`)), column);
    const [one, same, other] = [read('one'), read('several', 'last_token'), read('several', 'mean')];
    expect(same.rows).toEqual(one.rows);
    expect(same.metadata.embedder).toBe(one.metadata.embedder);
    expect(other.metadata.embedder).not.toBe(one.metadata.embedder);
    expect(JSON.parse(other.metadata.about!)).toMatchObject({
      poolings: ['mean', 'last_token', 'layer:3'],
      chunked: 0,
    });
    expect(() => read('several')).toThrow(/a column embedding in several, got those of mean, last_token, layer:3/);
    const wrong = await cole(['predict', '--head', 'h.arrow', '--embeddings', 'several.arrow', '--column', 'mean'], {
      cwd,
    });
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('expected embeddings made like those of h.arrow'),
    ]);
  });
  it('prints several poolings by their names, and refuses what is none', async () => {
    const input = '{"key": "a", "text": "nn.ReLU()"}';
    const several = await cole([...embed, '--json', '--pooling', 'mean, avg_avg'], { input });
    const one = await cole([...embed, '--json', '--pool', 'avg_avg'], { input });
    const [line] = jsonLines(several.stdout);
    expect(Object.keys(line!.embeddings as object)).toEqual(['mean', 'avg_avg']);
    expect((line!.embeddings as Record<string, unknown>).avg_avg).toEqual(jsonLines(one.stdout)[0]!.embedding);
    for (const [args, message] of [
      [['--pool', 'mean,avg'], 'got avg'],
      [['--pool', 'mean,'], 'layer:K, got '],
      [['--pool', 'mean,mean'], 'got mean twice'],
      [['--echo'], 'a causal language model for echo'],
      [['--no-embedding-layer', '--pool', 'mean'], 'expected pooling avg_avg'],
      [['--on-long', 'split'], 'error, truncate, chunk'],
    ] as const) {
      const { code, stderr } = await cole([...embed, '--json', ...args], { input });
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });
  it('leaves special tokens out, but not of a text that has no others', async () => {
    const input = '{"key": "a", "text": "nn.ReLU()"}\n{"key": "b", "text": ""}';
    const all = await cole([...embed, '--json'], { input });
    expect([all.code, jsonLines(all.stdout).map(({ tokens }) => tokens)]).toEqual([0, [9, 2]]);
    const { code, stderr } = await cole([...embed, '--json', '--no-special-tokens'], { input });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('at least one token that counts in b (standard input:2)'),
    ]);
  });
  it('refuses one key with two texts, and input without texts', async () => {
    const twice = `${JSON.stringify({ key: 'a', text: 'x' })}\n${JSON.stringify({ key: 'a', text: 'y' })}\n`;
    const refused = await cole([...embed, '--json'], { input: twice });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('standard input:1 and standard input:2'),
    ]);
    expect((await cole([...embed, '--json'], { input: '\n' })).code).toBe(2);
    expect((await cole([...embed, '--json'], { input: '{"txt": 1}' })).code).toBe(2);
  });
  it('stops after Ctrl-C and takes from the cache what was done', async () => {
    const cwd = temporaryFolder();
    const env = { COLE_CACHE: join(cwd, 'cache') };
    writeFileSync(join(cwd, 'archs.jsonl'), (await cole(['sample', '-n', '1500', '--unique', 'canonical'])).stdout);
    const args = [...embed, 'archs.jsonl', '--out', 'e.arrow'];
    const segments = () =>
      readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(
        (name) => name.endsWith('.arrow') && name !== 'e.arrow',
      );
    // Later and later, until the model has run at least once: what was done by then is written when the command stops.
    let stopped: Awaited<ReturnType<typeof start>['result']>;
    let wait = 800;
    do {
      const { child, result } = start(args, { cwd, env });
      await sleep(wait);
      child.kill('SIGINT');
      stopped = await result;
      expect(stopped.code).not.toBe(0);
      wait *= 1.25;
    } while (segments().length === 0);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('the same command goes on');
    expect(readdirSync(cwd)).not.toContain('e.arrow');
    const kept = segments().map((name) => fileToEmbeddings(name, readFileSync(join(cwd, name))).keys.length);
    const finished = await cole(args, { cwd, env });
    expect(finished.code).toBe(0);
    const cached = Number(/(\d+) from the cache/.exec(finished.stderr)![1]);
    expect(cached).toBe(kept.reduce((sum, rows) => sum + rows, 0));
    expect(cached).toBeGreaterThan(0);
    expect(cached).toBeLessThan(1500);
    expect(readdirSync(cwd)).toContain('e.arrow');
  });
});

describe('a damaged model', () => {
  it('that is cut short is named', async () => {
    const { home, folder } = homeWithModel();
    truncateSync(join(folder, 'weights.bin'), 1_000_000);
    const { code, stderr } = await cole([...embed, '--json'], { input: '{"text": "x"}', env: { COLE_HOME: home } });
    expect(code).toBe(1);
    expect(stderr).toContain(join(folder, 'weights.bin'));
    expect(stderr).toContain(`cole models remove ${model}`);
  });
  it('with other content of the same size is named', async () => {
    const { home, folder } = homeWithModel();
    const weights = readFileSync(join(folder, 'weights.bin'));
    weights[weights.length >> 1]! ^= 1;
    writeFileSync(join(folder, 'weights.bin'), weights);
    const { code, stderr } = await cole([...embed, '--json'], { input: '{"text": "x"}', env: { COLE_HOME: home } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/sha256/);
    expect(stderr).toContain('weights.bin');
  });
  it('that is not there is named with the command that pulls it', async () => {
    const env = { COLE_HOME: temporaryFolder() };
    const { code, stderr } = await cole([...embed, '--json'], { input: '{"text": "x"}', env });
    expect(code).toBe(1);
    expect(stderr).toContain(`cole models pull ${model}`);
    const offline = await cole(['models', 'pull', model, '--offline'], { env });
    expect([offline.code, offline.stderr]).toEqual([1, expect.stringContaining('offline')]);
    const doctor = await cole(['doctor', '--json'], { env });
    expect(doctor.code).toBe(1);
    expect(JSON.parse(doctor.stdout)).toContainEqual(
      expect.objectContaining({ name: `model ${model}`, state: 'fault' }),
    );
  });
  it('that is added from disk must be a model', async () => {
    const cwd = temporaryFolder();
    const env = { COLE_HOME: join(cwd, 'home') };
    copyFileSync(join(modelFolder, 'tokenizer.json'), join(cwd, 'model.gguf'));
    const added = await cole(['models', 'add', 'model.gguf'], { cwd, env });
    expect([added.code, added.stderr]).toEqual([1, expect.stringContaining('model.gguf')]);
    const list = JSON.parse((await cole(['models', 'list', '--json'], { env })).stdout) as { present: boolean }[];
    expect(list.some(({ present }) => present)).toBe(false);
  });
});

describe('tokenize', () => {
  it('gives the ids of the model, with and without special tokens', async () => {
    const input = `${JSON.stringify({ text: 'hello world' })}\n`;
    const ids = async (...args: string[]) =>
      jsonLines((await cole(['tokenize', '--model', model, ...args], { input })).stdout)[0]!.ids;
    expect(await ids()).toEqual([101, 7592, 2088, 102]);
    expect(await ids('--no-special-tokens')).toEqual([7592, 2088]);
    const byFile = await cole(['tokenize', '--model', join(modelFolder, 'tokenizer.json')], { input });
    expect(jsonLines(byFile.stdout)).toEqual([{ ids: [101, 7592, 2088, 102] }]);
  });
});
