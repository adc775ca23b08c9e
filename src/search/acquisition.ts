/**
 * Acquisition functions: how much a candidate is worth trying, from the mean and the standard deviation of the ensemble.
 * All are maximised. Forms and constants as in BANANAS (White, Neiswanger, Savani, AAAI 2021).
 */
import type { Rng } from '../base/index.js';

/** Scores of all candidates. `best` is the best value known. */
export type Acquisition = (mean: Float64Array, std: Float64Array, best: number, rng: Rng) => Float64Array;

/** Independent Thompson sampling: one draw from N(mean, std) for each candidate. */
const its: Acquisition = (mean, std, _best, rng) => mean.map((m, i) => m + std[i]! * rng.normal());

const ucb: Acquisition = (mean, std) => mean.map((m, i) => m + 0.5 * std[i]!);

/** Expected improvement with a fifth of the standard deviation; its limit at zero deviation is max(mean - best, 0). */
const ei: Acquisition = (mean, std, best) =>
  mean.map((m, i) => {
    const scale = std[i]! / 5;
    const gain = m - best;
    if (scale === 0) return Math.max(gain, 0);
    const z = gain / scale;
    return scale * (z * normalCdf(z) + Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
  });

const exploit: Acquisition = (mean) => mean.slice();

export const acquisitions = { its, ucb, ei, exploit } as const satisfies Record<string, Acquisition>;
export type AcquisitionName = keyof typeof acquisitions;

/** Distribution function of the standard normal; complementary error function after Press et al., relative error < 1.2e-7. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const polynomial = coefficients.reduceRight((sum, c) => sum * t + c, 0);
  const upperTail = (t * Math.exp(-x * x + polynomial)) / 2;
  return z > 0 ? 1 - upperTail : upperTail;
}
