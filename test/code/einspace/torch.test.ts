/**
 * Rendered networks executed in PyTorch. `npm test` runs some hundred; COLE_EINSPACE_NETWORKS=2000 runs that many random
 * networks and a quarter as many mutants for each input shape. Skipped with a reason where no Python has PyTorch.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { moduleClasses, renderer } from '#cole/code/index.js';
import {
  einspace,
  knownNetwork,
  knownNetworkNames,
  type Network,
  parseSettings,
  shapeAt,
  traceOf,
} from '#cole/spaces/index.js';

const pythons = [process.env.COLE_PYTHON, 'python3', '/usr/bin/python3'].filter((p): p is string => Boolean(p));
const python = pythons.find((p) => spawnSync(p, ['-c', 'import torch']).status === 0);
const reason = `no Python with torch among ${pythons.join(', ')}`;
const script = fileURLToPath(new URL('execute.py', import.meta.url));

const styles = ['flat', 'flat+peephole', 'modules', 'nested', 'statements', 'flat+head'];
const count = Number(process.env.COLE_EINSPACE_NETWORKS ?? 30);

/** The head on an output: a linear layer over channels or positions, or a 1x1 convolution to one channel. */
function headOf({ settings: { task } }: Network, [size, , columns]: readonly number[]) {
  if ('classes' in task) return { output: [task.classes], parameters: (size! + 1) * task.classes };
  return { output: [1, ...task.dense], parameters: (columns === undefined ? 1 : size!) + 1 };
}

/** Differences that PyTorch finds, and how many texts it ran. */
function execute(networks: readonly Network[], names: readonly string[]): { differences: string[]; checked: number } {
  const lines = networks.map((network) => {
    const trace = traceOf(network);
    const { settings } = network;
    const texts = Object.fromEntries(names.map((style) => [style, renderer('einspace', style).render(network)]));
    const output = shapeAt(trace.output, 0);
    const head = headOf(network, output);
    return JSON.stringify({
      id: renderer('einspace', 'arch').render(network),
      texts,
      input: settings.input,
      output,
      parameters: trace.parameters,
      head: { output: head.output, parameters: trace.parameters + head.parameters },
      prelude: moduleClasses,
    });
  });
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const done = spawnSync(python!, [script], { input: lines.join('\n'), encoding: 'utf8', maxBuffer: 2 ** 28, env });
  if (done.status !== 0) throw new Error(done.stderr);
  const answers = done.stdout.trim().split('\n');
  return { differences: answers.slice(0, -1), checked: JSON.parse(answers.at(-1)!).checked };
}

describe.skipIf(!python)(`rendered networks in PyTorch${python ? '' : `: ${reason}`}`, { timeout: 3_600_000 }, () => {
  it.each([
    '1x8x8,maxElements=50000,maxParameters=100000',
    '3x32x32,dense=7x9,maxElements=200000,maxParameters=400000',
    '48x20,classes=3,maxElements=50000,maxParameters=100000',
    '20x48,dense=5x5,maxElements=50000,maxParameters=100000',
    'variant=e2,maxElements=200000,maxParameters=400000',
  ])('have the inferred shape and parameters, and one function in all forms: %s', (settings) => {
    const space = einspace(parseSettings(settings));
    const rng = stream('torch', settings);
    const random = Array.from({ length: count }, () => space.sample(rng));
    const mutants = random.slice(0, Math.ceil(count / 4)).map((network) => space.mutate(network, rng));
    const { differences, checked } = execute([...random, ...mutants], styles);
    expect(differences).toEqual([]);
    expect(checked).toBe(styles.length * (count + mutants.length));
  });
  it('include the known architectures', () => {
    expect(
      execute(
        knownNetworkNames.slice(0, 3).map((name) => knownNetwork(name)),
        ['flat', 'flat+peephole'],
      ),
    ).toEqual({
      differences: [],
      checked: 6,
    });
  });
});
