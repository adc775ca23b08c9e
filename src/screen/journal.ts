/** Entries of a screen's journal. A chunk that has its line is done. */

import type { ChunkResult } from './chunk.js';
import type { Recall } from './recall.js';

export type ScreenEntry =
  /** A process began to work on the run. */
  | { readonly type: 'start'; readonly code: string }
  | { readonly type: 'recall'; readonly first: Recall; readonly full: Recall }
  /** Part that the last stage sees, where the budget was a time. */
  | { readonly type: 'share'; readonly share: number; readonly secondsEach: number }
  | ({ readonly type: 'chunk' } & ChunkResult);

export const screenEntries: readonly ScreenEntry['type'][] = ['start', 'recall', 'share', 'chunk'];
