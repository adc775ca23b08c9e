/** What the text of a network computes, by shapes, against what the space inferred; and that the check can fail. */
import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { renderer } from '#cole/code/index.js';
import { einspace, type Network, parseSettings, shapeAt, traceOf } from '#cole/spaces/index.js';
import { interpret } from './interpreter.js';

const inferred = (network: Network) => {
  const { output, parameters } = traceOf(network);
  return { output: shapeAt(output, 0), parameters };
};

const flat = renderer('einspace', 'flat');
const peephole = renderer('einspace', 'flat+peephole+shapes');

describe('the text of a network', () => {
  it.each([
    ['3x32x32,maxNodes=2000', 12_000],
    ['1x8x8,maxNodes=1000', 4000],
    ['64x48,maxNodes=1000', 2000],
    ['5x7x3,variant=e2,maxNodes=1000', 2000],
  ])('has the inferred shape and parameters: %s', (settings, count) => {
    const space = einspace(parseSettings(settings));
    const rng = stream('interpreter', settings);
    for (let i = 0; i < count; i++) {
      const sampled = space.sample(rng);
      const network = i % 4 === 0 ? space.mutate(sampled, rng) : sampled;
      const render = i % 2 === 0 ? flat.render : peephole.render;
      const text = render(network);
      expect(interpret(text, network.settings.input), text).toEqual(inferred(network));
    }
  });
  it('is refused by the interpreter where a shape is wrong', () => {
    const space = einspace(parseSettings('1x8x8'));
    const text = flat.render(space.parse('sequential(computation<linear(16)>, computation<linear(32)>)'));
    expect(interpret(text, [1, 8, 8])).toEqual({ output: [1, 8, 32], parameters: 9 * 16 + 17 * 32 });
    expect(() => interpret(text, [1, 8, 9])).toThrow('Linear(8,16) of 1,1,8,9');
    expect(() => interpret(text.replace('Linear(16', 'Linear(15'), [1, 8, 8])).toThrow('Linear(15,32)');
    expect(() => interpret(text.replace('self.linear_2(x)', 'self.linear_2[i1](x)'), [1, 8, 8])).toThrow('name i1');
  });
});
