/** The doors to getting models. What speaks with the hub and reads foreign formats is loaded behind them. */
import type { PullOptions } from './pull.js';
import type { ModelEntry } from './store.js';

/**
 * Downloads and converts a built-in model, one of the paper's by its short name, or one of the Hugging Face hub by its id
 * (owner/name, with @revision if it is not the main branch). Nothing to do where it is present. ERR_MODEL where it cannot be
 * had or is of a family that is not computed, which is said before anything of size is fetched.
 */
export async function pullModel(text: string, options: PullOptions = {}): Promise<ModelEntry> {
  return (await import('./pull.js')).pullModel(text, options);
}

/** What is known of a model before it is pulled; asks the hub for models that are neither here nor built in. */
export async function describeModel(text: string, options: PullOptions = {}): Promise<ModelEntry> {
  return (await import('./pull.js')).describeModel(text, options);
}
