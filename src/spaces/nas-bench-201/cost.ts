/**
 * Parameters and FLOPs of the full network (16, 32, 64 channels, 5 cells a stage) in closed form; checked against records
 * of NATS-Bench. Both depend on nothing but the numbers of 1x1 and 3x3 convolutions, so there are 28 different values.
 */
import type { Cell } from './cell.js';

function convolutions(cell: Cell): { ones: number; threes: number } {
  const count = (op: string) => cell.filter((o) => o === op).length;
  return { ones: count('nor_conv_1x1'), threes: count('nor_conv_3x3') };
}

/** Number of trainable parameters with a classifier of `classes` outputs. */
export function parameterCount(cell: Cell, classes = 10): number {
  const { ones, threes } = convolutions(cell);
  return 72_656 + 65 * classes + 28_000 * ones + 243_040 * threes;
}

/** FLOPs of one image, as the benchmark counts them, in millions. `size` is the side of the image, 32 or 16. */
export function megaFlops(cell: Cell, classes = 10, size: 32 | 16 = 32): number {
  const { ones, threes } = convolutions(cell);
  const area = (size / 32) ** 2;
  return area * (7.7824 + 3.93216 * ones + 35.38944 * threes) + (65 * classes) / 1e6;
}
