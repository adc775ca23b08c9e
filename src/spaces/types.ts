import type { Rng } from '../base/index.js';

/** A fixed-length structural encoding of architectures, such as an adjacency one-hot or a path encoding. */
export interface Encoding<Arch> {
  /** Number of columns. */
  readonly length: number;
  encode(arch: Arch): Float32Array;
}

/**
 * A search space. A user adds one in one file outside this repository; the built-in spaces use nothing that such a user
 * could not. Architectures are immutable values.
 */
export interface Space<Arch> {
  readonly name: string;
  /** Reads what `print` and `key` write. Throws ERR_INPUT naming what is wrong and where. */
  parse(text: string): Arch;
  print(arch: Arch): string;
  /** Draws again what passes a limit of the space, and tells `onRejection` which one it was. */
  sample(rng: Rng, onRejection?: (reason: string) => void): Arch;
  /** One elementary edit; never returns an equal architecture. */
  mutate(arch: Arch, rng: Rng): Arch;
  /** All architectures one elementary edit away, in a fixed order. */
  neighbours(arch: Arch): Arch[];
  crossover?(a: Arch, b: Arch, rng: Rng): Arch;
  /** Equal for equal architectures. */
  key(arch: Arch): string;
  /** Equal for architectures that compute the same function. */
  canonicalKey(arch: Arch): string;
  readonly encodings: Readonly<Record<string, Encoding<Arch>>>;
  /** Every architecture, in a fixed order; only for spaces small enough to list. */
  enumerate?(): Iterable<Arch>;
}
