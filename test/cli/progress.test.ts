import { describe, expect, it } from 'vitest';
import { formatProgress, formatSeconds } from '#cole/cli/progress.js';

describe('the progress line', () => {
  const event = { stage: 'embed', done: 300, total: 1000, unit: 'tokens' };

  it('tells rate and time left', () => {
    expect(formatProgress(event, 10, 0)).toBe('embed: 300 of 1000 tokens, 30 %, 30 tokens/s, 23 s left');
  });
  it('does not count as speed what a resumed run had already done', () => {
    expect(formatProgress(event, 10, 250)).toBe('embed: 300 of 1000 tokens, 30 %, 5.0 tokens/s, 2 min 20 s left');
  });
  it('makes no guess without an end, a rate or anything left', () => {
    expect(formatProgress({ stage: 'read', done: 5, unit: 'rows' }, 0, 5)).toBe('read: 5 rows');
    expect(formatProgress({ ...event, done: 1000, note: 'last' }, 10, 0)).toBe(
      'embed: 1000 of 1000 tokens, 100 %, 100 tokens/s, last',
    );
  });
  it('writes spans in two units at most', () => {
    expect([0.4, 59, 60, 3599, 3600, 90_000].map(formatSeconds)).toEqual([
      '0 s',
      '59 s',
      '1 min 0 s',
      '59 min 59 s',
      '1 h 0 min',
      '25 h 0 min',
    ]);
  });
});
