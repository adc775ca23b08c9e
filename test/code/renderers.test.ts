import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { callSites, pathTerms, renderer, styles } from '#cole/code/index.js';
import { canonicalString, expression, livePaths, nasBench201 } from '#cole/spaces/index.js';

const name = 'nas-bench-201';
const all = [...nasBench201.enumerate()];
const golden = new URL('golden/', import.meta.url);

describe('golden texts', () => {
  // A golden file is `<cell>.<style>.txt`; the cells are these. To make a file for a new style, write its text by hand.
  const cells: Record<string, string> = {
    zero: '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|',
    skip: '|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|',
    index11: '|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|',
    shared: '|avg_pool_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|nor_conv_3x3~1|nor_conv_3x3~2|',
    dead: '|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|',
  };

  it('exist for every cell and style', () => {
    const expected = Object.keys(cells).flatMap((cell) => styles(name).map((style) => `${cell}.${style}.txt`));
    expect(readdirSync(golden).sort()).toEqual(expected.sort());
  });

  for (const [cell, arch] of Object.entries(cells)) {
    it.each(styles(name))(`${cell} as %s`, (style) => {
      const text = readFileSync(new URL(`${cell}.${style}.txt`, golden), 'utf8');
      expect(renderer(name, style).render(nasBench201.parse(arch))).toBe(text);
    });
  }
});

describe('texts of the whole space', () => {
  // Style, characters (fewest, mean, most), distinct texts.
  it.each([
    ['exclude_helper', 223, 593.9, 868, 15_625],
    ['helper', 628, 998.9, 1273, 15_625],
    ['inline', 223, 773.9, 1318, 15_625],
    ['nested', 65, 105.5, 161, 4930],
    ['statements', 65, 123.2, 177, 9445],
    ['paths', 65, 108.6, 173, 4120],
    ['arch', 47, 85.4, 95, 15_625],
  ])('%s: %d to %d characters', (style, fewest, mean, most, distinct) => {
    const texts = all.map(renderer(name, style).render);
    const lengths = texts.map((text) => text.length);
    expect(Math.min(...lengths)).toBe(fewest);
    expect(lengths.reduce((a, b) => a + b) / all.length).toBeCloseTo(mean, 1);
    expect(Math.max(...lengths)).toBe(most);
    expect(new Set(texts).size).toBe(distinct);
    for (const text of texts) expect(text).toMatch(/^[\x20-\x7e\n]*[^\n]$/);
  });

  it('are equal in nested form just where the cells are of one canonical class', () => {
    const { render } = renderer(name, 'nested');
    const classes = new Map<string, string>();
    for (const cell of all) {
      const text = render(cell);
      expect(classes.get(canonicalString(cell)) ?? text).toBe(text);
      classes.set(canonicalString(cell), text);
    }
    expect(new Set(classes.values()).size).toBe(classes.size);
  });

  it('show each live path once in paths form', () => {
    for (const cell of all.filter((_, i) => i % 7 === 0)) {
      const terms = pathTerms(cell);
      expect(terms.length).toBe(livePaths(cell).length);
      expect(terms.length > 0).toBe(expression(cell).length > 0);
      for (const term of terms) expect(term).toMatch(/^((conv3x3|conv1x1|avgpool3x3)\()*x\)*$/);
    }
  });

  it('have one call in statements form for each call site', () => {
    const { render } = renderer(name, 'statements');
    for (const cell of all.filter((_, i) => i % 7 === 0)) {
      const calls = render(cell).match(/conv3x3|conv1x1|avgpool3x3/g) ?? [];
      expect(callSites(cell).map((site) => site.call)).toEqual(calls);
    }
  });
});

describe('renderers', () => {
  it('carry space, style and version in their identity', () => {
    expect(styles(name)).toEqual(['exclude_helper', 'helper', 'inline', 'nested', 'statements', 'paths']);
    expect(renderer(name, 'nested').identity).toBe('nas-bench-201/nested@1');
    expect(renderer(name, 'arch').render(all[0])).toBe(nasBench201.print(all[0]!));
  });

  it('are refused by name', () => {
    expect(() => renderer(name, 'nestd')).toThrow(/did you mean nested/);
    expect(() => renderer(name, 'toString')).toThrow(/style of nas-bench-201/);
    expect(() => renderer('nas-bench-101', 'nested')).toThrow(/did you mean nas-bench-201/);
  });
});
