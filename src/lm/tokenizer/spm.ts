/**
 * SentencePiece's BPE as merges. Its vocabulary has scores, no merges: of the neighbours that make a token, those are joined
 * first whose token has the highest score, the leftmost of equals. So every way to cut a token in two is a merge, and those
 * of one token share a rank.
 */
import { refuse } from './fields.js';

const normal = 1;

export function spmMerges(
  vocabulary: readonly string[],
  types: readonly unknown[],
  scores: readonly unknown[],
): { readonly merges: [string, string][]; readonly ranks: number[] } {
  const name = 'tokenizer.ggml.scores';
  if (scores.length !== vocabulary.length) throw refuse(`${vocabulary.length} elements`, name, scores.length);
  const score = (id: number) => {
    const value = scores[id];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse('numbers', `${name}[${id}]`, value);
    return value;
  };
  const known = new Set(vocabulary.filter((_, id) => types[id] === normal));
  const made = [...vocabulary.keys()]
    .filter((id) => types[id] === normal && [...vocabulary[id]!].length > 1)
    .sort((a, b) => score(b) - score(a) || a - b);
  const merges: [string, string][] = [];
  const ranks: number[] = [];
  made.forEach((id, i) => {
    // With equal scores the leftmost pair of either token would come first, which one rank a token cannot say.
    const before = made[i - 1];
    if (before !== undefined && score(before) === score(id))
      throw refuse(
        'a score of its own for every token',
        name,
        `${score(id)} for ${vocabulary[before]} and ${vocabulary[id]}`,
      );
    const characters = [...vocabulary[id]!];
    let left = '';
    let rank = -1;
    for (const character of characters.slice(0, -1)) {
      left += character;
      const right = vocabulary[id]!.slice(left.length);
      if (!known.has(left) || !known.has(right)) continue;
      // Ranks are counted by tokens, but no higher than merges, which the addon has room for.
      if (rank < 0) rank = merges.length;
      merges.push([left, right]);
      ranks.push(rank);
    }
  });
  return { merges, ranks };
}
