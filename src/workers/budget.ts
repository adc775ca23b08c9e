/**
 * The one place that decides how many threads anything uses. Results never depend on it; only times do.
 */
import { availableCores, ColeError, physicalCores } from '../base/index.js';

export interface CoreRequest {
  /** Independent tasks that could run side by side. */
  readonly tasks: number;
  /** Wanted number of pool workers; default: as many as there are tasks and cores. */
  readonly workers?: number | undefined;
  /** Cores that may be used in all; default: those that the process may use, a container's quota included. */
  readonly threads?: number | undefined;
}

export interface CoreBudget {
  readonly workers: number;
  /** Threads of the addon in each worker. */
  readonly addonThreads: number;
  /**
   * Threads of the language model. All physical cores: the workers that wait for its vectors sleep meanwhile, and what it does not
   * find idle it shares with those that fit a head.
   */
  readonly languageModelThreads: number;
}

export function coreBudget(request: CoreRequest): CoreBudget {
  const cores = positive('threads', request.threads) ?? availableCores();
  const workers = Math.max(1, Math.min(positive('workers', request.workers) ?? cores, request.tasks));
  return {
    workers,
    addonThreads: Math.max(1, Math.floor(cores / workers)),
    languageModelThreads: request.threads ?? physicalCores(),
  };
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && (!Number.isInteger(value) || value < 1))
    throw new ColeError('ERR_OPTION', `expected a whole number of at least 1 for ${name}, got ${value}`);
  return value;
}
