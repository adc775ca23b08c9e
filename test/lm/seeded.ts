/** Weights drawn from the name of a tensor, the same bits as scripts/lm-golden.py draws. */
import type { Tensor } from './weight-files.js';

export function seeded(name: string, shape: readonly number[]): Tensor {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619) >>> 0;
  const isNorm = /norm\.weight$|Norm\.weight|layernorm\.weight/.test(name);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) {
    let x = (Math.imul(i, 2654435761) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 2246822507) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 3266489909) >>> 0;
    x = (x ^ (x >>> 16)) >>> 0;
    const unit = (x >>> 8) / 2 ** 24 - 0.5;
    data[i] = isNorm ? unit / 2 + 1 : unit;
  }
  return { shape, data };
}
