/** What a container leaves to the process, from the files that the kernel would show. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { availableCores, memoryLimit, physicalCores } from '#cole/base/index.js';

const root = mkdtempSync(join(tmpdir(), 'cole-limits-'));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function files(contents: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
}

describe('control groups of version 2', () => {
  it('bound by their own quotas and by those above them', () => {
    files({
      'proc/self/cgroup': '0::/user/job',
      'sys/fs/cgroup/user/job/cpu.max': 'max 100000',
      'sys/fs/cgroup/user/job/memory.max': '3000000000',
      'sys/fs/cgroup/user/cpu.max': '50000 100000',
      'sys/fs/cgroup/user/memory.max': '2000000000',
    });
    expect(availableCores(root)).toBe(1);
    expect(memoryLimit(root)).toBe(2_000_000_000);
  });

  it('are a container that sees itself as the root', () => {
    files({
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/cpu.max': '90000 100000',
      'sys/fs/cgroup/memory.max': '1000000000',
    });
    expect([availableCores(root), memoryLimit(root)]).toEqual([1, 1_000_000_000]);
  });
});

describe('control groups of version 1', () => {
  it('have a tree for each controller, whose upper part a container does not see', () => {
    files({
      'proc/self/cgroup': '4:memory:/docker/a1\n3:cpuset:/\n1:cpu,cpuacct:/docker/a1\n0::/docker/a1',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '25000',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '500000000',
    });
    expect([availableCores(root), memoryLimit(root)]).toEqual([1, 500_000_000]);
  });
});

describe('physical cores', () => {
  const status = (list: string) => ({ 'proc/self/status': `Name:\tnode\nCpus_allowed_list:\t${list}` });
  const siblings = (cpu: number, list: string) => ({
    [`sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`]: list,
  });

  it('count once for the threads that the process may use', () => {
    // One core of two threads, and one of whose threads only the second is allowed.
    files({ ...status('0,4-5'), ...siblings(0, '0,4'), ...siblings(4, '0,4'), ...siblings(5, '1,5') });
    expect(physicalCores(root)).toBe(Math.min(2, availableParallelism()));
    files({ ...status('0,4'), 'proc/self/cgroup': '0::/' });
    expect(physicalCores(root)).toBe(1);
  });

  it('are bounded by quotas, and all that there are where nothing is known of them', () => {
    files({ ...status('0-7'), 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '100000 100000' });
    expect(physicalCores(root)).toBe(1);
    rmSync(root, { recursive: true });
    expect(physicalCores(root)).toBe(availableParallelism());
  });
});

it.each([
  ['there are none', {}],
  [
    'they set no limit',
    {
      'proc/self/cgroup': '2:memory:/\n1:cpu:/\n0::/',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      'sys/fs/cgroup/cpu.max': 'max 100000',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
      'sys/fs/cgroup/memory.max': 'max',
    },
  ],
  ['they cannot be read', { 'proc/self/cgroup': 'nonsense', 'sys/fs/cgroup/cpu.max': '1 1 1' }],
  ['there is more of it than of the machine', { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '99000000 1000' }],
])('the machine is the limit where %s', (_, contents: Record<string, string>) => {
  files(contents);
  expect([availableCores(root), memoryLimit(root)]).toEqual([availableParallelism(), totalmem()]);
});
