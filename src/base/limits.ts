/**
 * What of this machine the process may use. Node counts the processors of its affinity, but (before libuv 1.49) no quota of
 * processor time, and of memory limits that of its own control group alone: in a container with two of 64 cores, 64 threads
 * would take turns. So the groups are read here, from the process's own up to the root that it sees.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join, posix } from 'node:path';

/** Processors that work at a time: a part of one counts as one. `root`: where /proc and /sys are. */
export function availableCores(root = '/'): number {
  const quotas = groups(root, 'cpu').flatMap((folder) => {
    const [quota, period] = read(folder, 'cpu.max')?.split(' ') ?? [
      read(folder, 'cpu.cfs_quota_us'),
      read(folder, 'cpu.cfs_period_us'),
    ];
    const cores = Number(quota) / Number(period);
    return cores > 0 ? [Math.ceil(cores)] : [];
  });
  return Math.min(availableParallelism(), ...quotas);
}

/**
 * As `availableCores`, but two threads of one core count once: they share the units that matrix products are made on. Where the
 * system does not tell, all count.
 */
export function physicalCores(root = '/'): number {
  const allowed = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(read(join(root, 'proc', 'self'), 'status') ?? '')?.[1];
  const cores = new Set<string>();
  for (const range of allowed?.split(',') ?? []) {
    const [first, last = first] = range.split('-').map(Number);
    for (let cpu = first!; cpu <= last!; cpu++) {
      const topology = join(root, 'sys', 'devices', 'system', 'cpu', `cpu${cpu}`, 'topology');
      cores.add(read(topology, 'thread_siblings_list') ?? `${cpu}`);
    }
  }
  return Math.min(availableCores(root), cores.size || Number.POSITIVE_INFINITY);
}

/** Bytes. */
export function memoryLimit(root = '/'): number {
  const limits = groups(root, 'memory').flatMap((folder) => {
    const limit = Number(read(folder, 'memory.max') ?? read(folder, 'memory.limit_in_bytes'));
    return limit > 0 ? [limit] : [];
  });
  return Math.min(totalmem(), ...limits);
}

/**
 * Folders of the control groups that bound the process, its own first: of version 2, and of version 1 where the controller
 * has a tree of its own. A container may not see the way to its own group, only that group as the root.
 */
function groups(root: string, controller: string): string[] {
  const lines = read(join(root, 'proc', 'self'), 'cgroup')?.split('\n') ?? [];
  return lines.flatMap((line) => {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || (names !== '' && !names!.split(',').includes(controller))) return [];
    const tree = join(root, 'sys', 'fs', 'cgroup', names === '' ? '' : controller);
    const found: string[] = [];
    for (let at = path; ; at = posix.dirname(at)) {
      found.push(join(tree, at));
      if (at === '/') return found;
    }
  });
}

function read(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch {
    return undefined;
  }
}
