/** What our graphs know of a model. */

export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly low: number;
      readonly high: number;
      readonly original: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly fast: number;
      readonly slow: number;
      readonly original: number;
      readonly truncate: boolean;
      /** Of cosines and sines. */
      readonly amplitude: number;
    };

/** A transformer, independent of the file it came from; kept in the store beside the weights. Absent means none. */
export interface ModelConfig {
  readonly family: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Where it is not hidden / heads. */
  readonly headSize?: number;
  readonly intermediate: number;
  readonly epsilon: number;
  readonly vocabulary: number;
  /** Longest text in tokens. */
  readonly positions: number;
  /** Base of the rotary position angles, 0 where the family has none. */
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
  /** Base of the angles of layers that see their neighbourhood alone, where it is another. */
  readonly localRopeTheta?: number;
  /** How far a token of such a layer sees, to each side that it sees: a token that is this far away is seen still. */
  readonly window?: number;
  /** The layers that have the window. */
  readonly windowed?: readonly number[];
  /** MLPs per layer, of which the router chooses `active` for each token. */
  readonly experts?: { readonly count: number; readonly active: number };
  /** A graph that somebody else made. */
  readonly ready?: {
    /** Of its skeleton. */
    readonly sha256: string;
    /** What it takes beside `input_ids`. */
    readonly inputs: readonly string[];
    /** Values with its hidden states: all, from the first to the last, or the last alone. */
    readonly states: readonly string[];
    /** The one value holds them all, along its first axis. */
    readonly isStacked: boolean;
  };
}

export function headSizeOf({ headSize, hidden, heads }: ModelConfig): number {
  return headSize ?? hidden / heads;
}
