/** The architectures among which an acquisition function chooses: mutants of the best ones so far. */
import type { Rng } from '../base/index.js';
import type { Space } from '../spaces/index.js';

export interface CandidateOptions {
  /** Number of candidates. */
  readonly candidates: number;
  /** Elementary edits between a parent and its mutant. */
  readonly maxEdits: number;
}

/** Mutants in a row that may all be taken before the generator turns to random samples. */
const patience = 500;

/**
 * Exactly `candidates` mutants that differ from each other and from `taken` by `key`, the parents in turn, each mutant
 * 1 to `maxEdits` uniformly drawn edits away. Where the parents have no more new mutants, random samples fill up; fewer
 * only where the space ends.
 */
export function distinctMutants<Arch>(
  space: Space<Arch>,
  parents: readonly Arch[],
  options: CandidateOptions,
  taken: ReadonlySet<string>,
  key: (arch: Arch) => string,
  rng: Rng,
): Arch[] {
  const mutants = new Map<string, Arch>();
  let refused = 0;
  for (let turn = 0; mutants.size < options.candidates && refused < 2 * patience; turn++) {
    let arch = refused < patience && parents.length > 0 ? parents[turn % parents.length]! : space.sample(rng);
    if (refused < patience) {
      for (let edits = 1 + rng.int(options.maxEdits); edits > 0; edits--) arch = space.mutate(arch, rng);
    }
    const name = key(arch);
    if (taken.has(name) || mutants.has(name)) refused++;
    else {
      mutants.set(name, arch);
      // Once random samples were needed they stay in use: the parents are exhausted.
      refused = refused < patience ? 0 : patience;
    }
  }
  return [...mutants.values()];
}

/**
 * The generator as NASLib runs it (White et al., "How powerful are performance predictors in NAS?", 2021, and its code):
 * floor(candidates / parents / maxEdits) per parent, each exactly `maxEdits` edits from where the one before it ended,
 * because its loop re-uses a variable; neither compared with the data nor with each other.
 */
export function chainedMutants<Arch>(
  space: Space<Arch>,
  parents: readonly Arch[],
  options: CandidateOptions,
  rng: Rng,
): Arch[] {
  const each = Math.floor(options.candidates / parents.length / options.maxEdits);
  return parents.flatMap((parent) => {
    let arch = parent;
    return Array.from({ length: each }, () => {
      for (let edit = 0; edit < options.maxEdits; edit++) arch = space.mutate(arch, rng);
      return arch;
    });
  });
}
