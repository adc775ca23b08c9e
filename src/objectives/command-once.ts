/** A program that is started for each training. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { parseAnswer } from './command-answer.js';
import { failure, filesOf, note, prepare, type Training } from './command-files.js';
import { fillIn, placeholders } from './command-line.js';
import { ProcessTree } from './command-process.js';
import { late, newMark, type Trainer, type TrainerOptions, type Try, tooLate, within } from './command-trainer.js';
import type { Outcome } from './types.js';

/** The answer is the JSON in the file `{out}`; a program that does not end with exit code 0 has failed. */
export class OneShot implements Trainer {
  readonly #options: TrainerOptions;
  #tree: ProcessTree | undefined;

  constructor(options: TrainerOptions) {
    this.#options = options;
  }

  async attempt(training: Training): Promise<Try> {
    const files = filesOf(this.#options.folder, training.name);
    const logStart = prepare(files, training);
    const values = {
      code: files.code,
      out: files.out,
      arch: training.arch,
      key: training.key,
      seed: `${training.seed}`,
    };
    const log = openSync(files.log, 'a');
    const tree = new ProcessTree(fillIn(this.#options.command, values), {
      mark: newMark(this.#options.folder),
      env: Object.fromEntries(placeholders.map((name) => [`COLE_TRAINING_${name.toUpperCase()}`, values[name]])),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#tree = tree;
    try {
      const end = await within(this.#options.timeoutSeconds, tree.ended);
      if (end === late) {
        await tree.stop();
        return tooLate(this.#options, files.log);
      }
      if (end.value !== undefined) return failure(`the command ${end.value}`, files.log, logStart);
      return note(readAnswer(files.out, this.#options.metric), files.log);
    } finally {
      tree.kill();
      this.#tree = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#tree?.stop();
  }
}

function readAnswer(path: string, metric: string): Outcome {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { status: 'failed', reason: `expected an answer in ${path}, got no file` };
  }
  return parseAnswer(text, metric);
}
