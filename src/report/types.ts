/**
 * What a report reads. A run directory holds one method (`cole search` with one strategy and one feature set) and all its
 * trials: manifest.json, journal.jsonl, trials.csv, trials.arrow and, rewritten as trials finish, summary.json.
 * All evaluations are counted from 1; values are in the units of the metric, and larger is better.
 */

/** manifest.json: what was asked for, with every hash and version that a repetition needs. */
export interface RunManifest {
  /** The command line that repeats the run, such as `cole search --space nas-bench-201 ...`. */
  readonly command: string;
  /** ISO 8601. */
  readonly started: string;
  /** Every option after resolving: strategy, generator, head, features, budget, seed ... */
  readonly options: Readonly<Record<string, unknown>>;
  /** Name -> version: cole, node, onnxruntime-node ... */
  readonly versions: Readonly<Record<string, string>>;
  /** Name -> sha256: table, model, code. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly cpu: {
    readonly model: string;
    readonly cores: number;
    /** Instruction set the addon ran with, such as `avx2`. */
    readonly isa?: string;
  };
}

/** summary.json of one run directory. */
export interface RunSummary {
  /** 1; a report refuses other numbers. */
  readonly version: number;
  /** Shown name of the method, such as `bananas code` or `random`; unique among the runs of one report. */
  readonly method: string;
  readonly strategy: string;
  /** Absent for strategies without a surrogate. */
  readonly features?: string;
  /** The language model whose embeddings were used; absent where none was. */
  readonly model?: string;
  readonly space: string;
  readonly objective: {
    /** File name or benchmark name of the table. */
    readonly name: string;
    /** One sentence on what the values are and where they come from. */
    readonly description?: string;
    /** sha256 of the table: runs of one report share it. */
    readonly hash: string;
    readonly metric: string;
    /** Metrics the table has; one alone means that the incumbent is chosen and scored on the same number. */
    readonly metrics: readonly string[];
    /** `command`: the architectures were trained for these runs, and there is no table. */
    readonly kind?: string;
    /** Best value in the table, or that was found where there is none. */
    readonly best: number;
  };
  readonly seed: number;
  /** Evaluations per trial. */
  readonly budget: number;
  readonly trials: {
    readonly planned: number;
    readonly done: number;
  };
  readonly curve: CurveSummary;
  /** Mean and 95 % half-width of the best so far after some budgets, those of 50, 100, 150 within `budget`. */
  readonly bestAt: readonly { readonly evaluations: number; readonly mean: number; readonly halfWidth: number }[];
  /** The same for the test metric of the architecture that is best so far, where a test metric was chosen. */
  readonly testAt?: RunSummary['bestAt'];
  readonly targets: readonly TargetSummary[];
  /** Surrogate quality per refit, averaged over trials; empty without a surrogate. */
  readonly tau: readonly {
    readonly evaluations: number;
    readonly mean: number;
    readonly halfWidth: number;
    readonly trials: number;
  }[];
  /** Seconds, summed over trials, which may run side by side: sampling, rendering, tokenising, languageModel, head, rest. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Architectures that were asked for but are not in the table, summed over trials. */
  readonly misses: number;
  /** Trials that ended before their budget, by reason: `space` (nothing left to try), `misses` (hardly any in the table). */
  readonly ended: Readonly<Record<string, number>>;
}

/** Best value so far, mean over trials, with the half-width of its 95 % band (t quantile). One entry per evaluation. */
export interface CurveSummary {
  readonly evaluations: readonly number[];
  readonly mean: readonly number[];
  readonly halfWidth: readonly number[];
}

/** Evaluations until the best so far reaches `fraction` of the best in the table. */
export interface TargetSummary {
  /** 0.99, 0.995, 0.9975 ... */
  readonly fraction: number;
  /** fraction * best */
  readonly value: number;
  /** First evaluation at which the mean curve is there; null where it never is. */
  readonly ofMeanCurve: number | null;
  /** Mean over trials of each one's first evaluation; trials that never got there count with the whole budget. */
  readonly meanOfTrials: number;
  /** The same, as median and quartiles. */
  readonly median: number;
  readonly quartiles: readonly [number, number];
  /** Share of trials that got there, 0 to 1. */
  readonly reached: number;
}

/** Evaluations saved by one run against another, as `study` computes it from the trials of both. */
export interface RunReduction {
  /** Run directories. */
  readonly run: string;
  readonly baseline: string;
  readonly fraction: number;
  /** 1 - evaluations / evaluations of the baseline: 0.34 is 34 % fewer. */
  readonly reduction: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
}
