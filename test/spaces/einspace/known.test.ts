import { describe, expect, it } from 'vitest';
import {
  einspaceDefaults,
  einspaceGrammar,
  knownNetwork,
  knownNetworkNames,
  parseSettings,
  shapeAt,
  space,
  traceOf,
} from '#cole/spaces/index.js';

describe('known architectures', () => {
  // Output, parameters and terminals (copies counted) of the trees that come with the original einspace.
  it.each([
    ['resnet-18', [512, 2, 2], 11_210_560, 121],
    ['wide-resnet-16-4', [256, 8, 8], 2_748_576, 89],
    ['vit-4', [64, 512], 4_269_568, 220],
    ['mlp-mixer-4', [64, 512], 2_434_048, 116],
  ])('have the published sizes: %s', (name, output, parameters, terminals) => {
    const trace = traceOf(knownNetwork(name));
    expect(shapeAt(trace.output, 0)).toEqual(output);
    expect(trace.parameters).toBe(parameters);
    const counted = [...trace.code].reduce(
      (sum, op, at) => sum + (op >= einspaceGrammar.firstTerminal ? trace.copies[at]! : 0),
      0,
    );
    expect(counted).toBe(terminals);
  });
  it('grow by equal blocks', () => {
    const size = (name: string) => traceOf(knownNetwork(name)).parameters;
    const stem = 48 * 512 + 512 + 64 * 512;
    for (const name of ['vit', 'mlp-mixer']) expect(size(`${name}-8`) - stem).toBe(2 * (size(`${name}-4`) - stem));
  });
  it('come back from their string, in both variants', () => {
    for (const settings of [einspaceDefaults, parseSettings('variant=e2')])
      for (const name of knownNetworkNames) {
        const network = knownNetwork(name, settings);
        const { parse, print } = space(settings === einspaceDefaults ? 'einspace' : 'einspace:variant=e2');
        expect(parse(print(network))).toEqual(network);
      }
  });
  it('are refused where they do not fit the input, and by unknown names', () => {
    expect(() => knownNetwork('mlp-mixer-4', parseSettings('3x16x16'))).toThrow('expected an operation that fits');
    expect(() => knownNetwork('resnet-19')).toThrow('resnet-18');
  });
});
