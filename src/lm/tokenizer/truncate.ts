import { ColeError } from '../../base/index.js';
import type { EncodedBatch } from './types.js';

/**
 * Texts of more than `maxTokens` ids lose the last ones of their own; the `suffix` special tokens stay. Throws ERR_OPTION
 * where nothing but the `around` special tokens would be left.
 */
export function truncate(batch: EncodedBatch, maxTokens: number, around: number, suffix: number): EncodedBatch {
  if (!Number.isSafeInteger(maxTokens) || maxTokens <= around)
    throw new ColeError(
      'ERR_OPTION',
      `expected a whole number above the ${around} special tokens for maxTokens, got ${maxTokens}`,
    );
  const { ids, offsets } = batch;
  const long = offsets.subarray(1).reduce((count, end, i) => count + (end - offsets[i]! > maxTokens ? 1 : 0), 0);
  if (long === 0) return batch;
  const truncated = new Int32Array(long);
  const kept = new Int32Array(ids.length);
  const ends = new Int32Array(offsets.length);
  let end = 0;
  for (let i = 0, found = 0; i + 1 < offsets.length; i++) {
    const [from, to] = [offsets[i]!, offsets[i + 1]!];
    if (to - from > maxTokens) {
      kept.set(ids.subarray(from, from + maxTokens - suffix), end);
      kept.set(ids.subarray(to - suffix, to), end + maxTokens - suffix);
      truncated[found++] = i;
    } else kept.set(ids.subarray(from, to), end);
    end += Math.min(to - from, maxTokens);
    ends[i + 1] = end;
  }
  return { ids: kept.subarray(0, end), offsets: ends, truncated };
}
