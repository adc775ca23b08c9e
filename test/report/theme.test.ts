/** The colours of methods, seen with each kind of colour vision. */
import { describe, expect, it } from 'vitest';
import { allInks, ink, methodInks } from '#cole/report/theme.js';

type Triple = [number, number, number];

const linear = (hex: string): Triple =>
  [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Triple;

const times = (rows: readonly Triple[], [x, y, z]: Triple): Triple =>
  rows.map((r) => r[0] * x + r[1] * y + r[2] * z) as Triple;

/** OKLab of Björn Ottosson, 2020. */
function oklab(rgb: Triple): Triple {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  ).map(Math.cbrt) as Triple;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms,
  );
}

/** Complete deficiencies as simulated by Machado, Oliveira and Fernandes, 2009. */
const visions: Record<string, Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function luminance(hex: string): number {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of WCAG 2. */
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each(['light', 'dark'] as const)('%s colours', (theme) => {
  it.each(Object.keys(visions))('of methods are apart for %s vision', (vision) => {
    const seen = methodInks.map((each) => {
      const clipped = times(visions[vision]!, linear(each[theme])).map((c) => Math.min(1, Math.max(0, c)));
      return oklab(clipped as Triple);
    });
    for (let i = 0; i < seen.length; i++) {
      for (let j = 0; j < i; j++) {
        const apart = Math.hypot(...seen[i]!.map((c, k) => c - seen[j]![k]!));
        expect(apart, `${methodInks[i]!.name} and ${methodInks[j]!.name}`).toBeGreaterThan(0.08);
      }
    }
  });
  it('stand out from the ground', () => {
    for (const { name, [theme]: colour } of [...methodInks, ink.plain])
      expect(contrast(colour, ink.surface[theme]), name).toBeGreaterThan(3);
    for (const { name, [theme]: colour } of [ink.text, ink.muted])
      expect(contrast(colour, ink.surface[theme]), name).toBeGreaterThan(4.5);
  });
});

it('the light colour tells which ink it is, as the dark style sheet needs', () => {
  expect(new Set(allInks.map(({ light }) => light)).size).toBe(allInks.length);
  expect(new Set(allInks.map(({ name }) => name)).size).toBe(allInks.length);
});
