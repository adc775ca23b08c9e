import { describe, expect, it } from 'vitest';
import { stream } from '#cole/base/index.js';
import { rowsOf, space as spaceOf } from '#cole/spaces/index.js';

const whole = spaceOf('einspace:1x8x8,maxNodes=100,maxParameters=50000');
const rng = stream('rows test');
const archs = [...new Set(Array.from({ length: 80 }, () => whole.print(whole.sample(rng))))];
const rows = rowsOf(whole, archs);
const { encode } = Object.values(whole.encodings)[0]!;
const distance = (a: string, b: string) => {
  const [x, y] = [a, b].map((text) => encode(whole.parse(text)));
  return x!.reduce((sum, value, i) => sum + (value - y![i]!) ** 2, 0);
};

describe('rowsOf', () => {
  it('draws and mutates rows only, never into themselves', () => {
    for (let i = 0; i < 200; i++) {
      const arch = rows.sample(rng);
      expect(archs).toContain(rows.print(arch));
      const mutant = rows.print(rows.mutate(arch, rng));
      expect(archs).toContain(mutant);
      expect(mutant).not.toBe(rows.print(arch));
    }
    expect([...rows.enumerate!()].map((arch) => rows.print(arch))).toEqual(archs);
  });
  it('takes the nearest rows for neighbours', () => {
    for (const text of archs.slice(0, 10)) {
      const near = rows.neighbours(rows.parse(text)).map((arch) => rows.print(arch));
      const others = archs.filter((arch) => arch !== text);
      const nearest = others.map((arch) => distance(text, arch)).sort((a, b) => a - b);
      expect(near.map((arch) => distance(text, arch))).toEqual(nearest.slice(0, 10));
    }
  });
  it('refuses what is no row, and a space that measures nothing', () => {
    const other = whole.mutate(whole.parse(archs[0]!), rng);
    if (!archs.includes(whole.print(other)))
      expect(() => rows.neighbours(other)).toThrow('expected a row of the table as architecture');
    expect(() => rowsOf({ ...whole, encodings: {} }, archs)).toThrow('expected an encoding of space einspace:1x8x8');
  });
});
