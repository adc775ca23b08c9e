/**
 * Counts of n-grams of a text, the control for every language model: it sees the same text and has read nothing else.
 * Tokens are words, parentheses, `+` and `=`. The vocabulary is that of the training texts, sorted, so that columns are a
 * pure function of the training set; n-grams that it lacks are not counted.
 */
import { matrix } from '../base/index.js';
import type { FeatureSet } from './types.js';

export const longestGram = 4;

export function tokens(text: string): string[] {
  return text.match(/\w+|[()+=]/g) ?? [];
}

/** Every n-gram of 1 to `longestGram` tokens, with its count. */
export function gramCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const words = tokens(text);
  for (let start = 0; start < words.length; start++) {
    let gram = '';
    for (let end = start; end < Math.min(words.length, start + longestGram); end++) {
      gram = end === start ? words[end]! : `${gram} ${words[end]!}`;
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
  }
  return counts;
}

export function ngramFeatures<Arch>(name: string, render: (arch: Arch) => string): FeatureSet<Arch> {
  return {
    name,
    async fit(train) {
      const vocabulary = new Set<string>();
      for (const arch of train) for (const gram of gramCounts(render(arch)).keys()) vocabulary.add(gram);
      const column = new Map([...vocabulary].sort().map((gram, index) => [gram, index]));
      return {
        columns: column.size,
        async transform(archs) {
          const out = matrix(archs.length, column.size);
          archs.forEach((arch, row) => {
            for (const [gram, count] of gramCounts(render(arch))) {
              const at = column.get(gram);
              if (at !== undefined) out.data[row * out.cols + at] = count;
            }
          });
          return out;
        },
      };
    },
  };
}
