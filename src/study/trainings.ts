/**
 * The trainings of a run: what its trials ask for goes to the command, each outcome into the journal the moment it is there.
 * A run that was cut off finds what had finished and trains the rest; a training that had failed is tried again, unless
 * its trial was told of it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ColeError, seedOf } from '../base/index.js';
import { renderer } from '../code/index.js';
import { CommandObjective, type CommandSettings, commandDefaults, type Outcome } from '../objectives/index.js';
import { space as spaceOf } from '../spaces/index.js';
import { trialSeed } from '../workers/index.js';
import type { JournalEntry, TrainingEntry } from './journal.js';

/** A command as the source of values. */
export interface CommandSource extends CommandSettings {
  /** Style of the code that it gets. */
  readonly style: string;
}

/** Styles that make a file which can be imported, by space. */
const runnable: Readonly<Record<string, string>> = { 'nas-bench-201': 'inline', einspace: 'flat+head' };

/** Names that rendered text leaves out. */
const imports = 'import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n';

/** Throws ERR_OPTION for a style that the space does not have, or has to be chosen. */
export function commandSource(
  space: string,
  given: Partial<CommandSource> & Pick<CommandSource, 'command'>,
): CommandSource {
  const style = given.style ?? runnable[space.split(':', 1)[0]!];
  if (style === undefined)
    throw new ColeError(
      'ERR_OPTION',
      `expected the style of the code that the command gets for space ${space}, got none`,
    );
  renderer(space, style);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...commandDefaults, ...set, command: given.command, style };
}

export interface TrainingsParts {
  readonly space: string;
  readonly source: CommandSource;
  readonly metric: string;
  /** Seed of the run. */
  readonly seed: number;
  readonly directory: string;
  /** What the journal had when it was opened. */
  readonly entries: readonly JournalEntry[];
  readonly append: (entry: TrainingEntry) => void;
}

export class Trainings {
  readonly #parts: TrainingsParts;
  readonly #objective: CommandObjective;
  readonly #render: (arch: unknown) => string;
  readonly #finished: ReadonlyMap<string, Outcome>;

  constructor(parts: TrainingsParts) {
    const { space, source, metric, directory, entries } = parts;
    this.#parts = parts;
    this.#render = renderer(space, source.style).render;
    this.#objective = new CommandObjective(source, join(directory, 'trainings'), metric);
    this.#finished = new Map(
      entries.flatMap((entry) =>
        entry.type === 'training' && entry.outcome.status !== 'failed'
          ? [[nameOf(entry.trial, entry.arch), entry.outcome] as const]
          : [],
      ),
    );
  }

  /** Outcomes in the order of `archs`, which are trained as slots become free. */
  evaluate(trial: number, archs: readonly string[]): Promise<Outcome[]> {
    return Promise.all(archs.map((arch) => this.#evaluate(trial, arch)));
  }

  async #evaluate(trial: number, arch: string): Promise<Outcome> {
    const name = nameOf(trial, arch);
    const finished = this.#finished.get(name);
    if (finished) return finished;
    const space = spaceOf(this.#parts.space);
    const value = space.parse(arch);
    // Of the trial and the architecture alone: when it is trained, and beside what, makes no difference.
    const seed = seedOf(trialSeed(this.#parts.seed, trial), 'training', arch);
    const code = `${imports}${this.#render(value)}\n`;
    const { outcome, tries, seconds } = await this.#objective.train({ name, arch, key: space.key(value), seed, code });
    this.#parts.append({ type: 'training', trial, arch, seed, outcome, tries, seconds });
    return outcome;
  }

  close(): Promise<void> {
    return this.#objective.close();
  }
}

/** Stem of the files of a training. */
function nameOf(trial: number, arch: string): string {
  return `${trial}-${createHash('sha256').update(arch).digest('hex').slice(0, 16)}`;
}
