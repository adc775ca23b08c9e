/** Names at the right ends of lines, moved apart so that none covers another. */
export interface Placed {
  readonly index: number;
  /** Pixels from the top. */
  readonly y: number;
}

/**
 * Positions as near as possible to the wanted ones, `gap` apart, within [top, bottom] where they fit. Neighbours that touch
 * become a block centred on the mean of what its members want, until no blocks touch.
 */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): Placed[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y || a.index - b.index);
  const blocks: { sum: number; members: number[]; y: number }[] = [];
  for (const { y, index } of order) {
    let block = { sum: y, members: [index], y: clamp(y, top, bottom) };
    let last = blocks.at(-1);
    while (last && bottomOf(last, gap) + gap > block.y) {
      blocks.pop();
      // Offsets inside the joined block are taken off, so that the block start wants the mean of what is left.
      const shifted = block.sum - block.members.length * last.members.length * gap;
      const members = [...last.members, ...block.members];
      const sum = last.sum + shifted;
      block = { sum, members, y: clamp(sum / members.length, top, bottom - (members.length - 1) * gap) };
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  return blocks.flatMap((block) => block.members.map((index, i) => ({ index, y: block.y + i * gap })));
}

function bottomOf(block: { members: number[]; y: number }, gap: number): number {
  return block.y + (block.members.length - 1) * gap;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
