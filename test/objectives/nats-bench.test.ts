/** The example that makes a table of NATS-Bench's files. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../cli/run.js';

const python = process.env.COLE_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'cole-nats-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const table = (...args: string[]) => run(join(projectRoot, 'examples', 'nats-bench', 'table.py'), ...args);

/** Writes one file of a benchmark; `value` is Python. */
function write(name: string, value: string): string {
  const path = join(folder, name);
  const script = `import bz2, collections, os, pickle, sys
class Program:
    def __reduce__(self): return (os.mkdir, (os.path.join(os.path.dirname(sys.argv[1]), "ran"),))
def record(seed): return {"eval_acc1es": {"x-valid@199": 50.0 + seed, "x-test@199": 40.0}, "train_times": {0: 1.0, 1: 2.0}, "params": 0.5, "flop": 8}
bz2.open(sys.argv[1], "wb").write(pickle.dumps(${value}, protocol=4))`;
  expect(run('-c', script, path)).toMatchObject({ status: 0 });
  return folder;
}

describe.skipIf(run('--version').status !== 0)('a table of NATS-Bench', () => {
  it('has the means over the seeds of each file, in the order of the files', () => {
    const file = (index: number) => {
      const results = '{("cifar100", 1): record(1), ("cifar100", 2): record(2)}';
      const runs = `{"arch_index": ${index}, "arch_str": "|none~0|", "dataset_seed": {"cifar100": [1, 2]}, "all_results": ${results}}`;
      return write(`00000${index}.pickle.pbz2`, `collections.OrderedDict({"200": ${runs}})`);
    };
    file(1);
    expect(table(file(0), 'cifar100')).toMatchObject({
      status: 0,
      stdout:
        'index,arch,val_accuracy,test_accuracy,train_seconds,parameters_millions,megaflops\n' +
        '0,|none~0|,51.5,40.0,3.0,0.5,8.0\n1,|none~0|,51.5,40.0,3.0,0.5,8.0\n',
    });
  });
  it('names the file that is none of these, and runs nothing that one asks for', () => {
    const { status, stderr } = table(write('000002.pickle.pbz2', 'Program()'), 'cifar100');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: .*000002\.pickle\.pbz2: UnpicklingError: expected numbers and containers, got posix\.mkdir/m,
    );
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    expect(table(join(folder, 'absent'), 'cifar100')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('got none'),
    });
  });

  const sample = join(process.env.COLE_SHARED ?? '', 'data', 'nas-bench-201', 'NATS-tss-sample');
  it.skipIf(!existsSync(sample))('has the published numbers', () => {
    const { stdout } = table(sample, 'cifar10');
    const rows = stdout.trim().split('\n').slice(1);
    expect(rows.map((row) => row.split(',')[0])).toEqual(['0', '11', '284']);
    const [, , val, , , parameters, flops] = rows[0]!.split(',').map(Number);
    expect(val).toBeCloseTo((82.092 + 81.616 + 82.24) / 3, 3);
    expect([parameters, flops]).toEqual([0.129306, 15.64737]);
  });
});
