/** The door to embeddings: options are checked here, once. */
import { ColeError, physicalCores, pickNamed, resolveOptions } from '../base/index.js';
import { families } from './families/config.js';
import { ModelEmbedder } from './model-embedder.js';
import { defaultCacheLimit, embeddingsFolder } from './store/folder.js';
import { graphOf, openModel } from './store/open.js';
import type { Embedder, EmbedderOptions, MultiEmbedder, MultiEmbedderOptions, Pooling } from './types.js';

/**
 * Opens model `options.model` of the store.
 *
 *     const embedder = await createEmbedder({ model: 'smollm2-135m' });
 *     const vectors = await embedder.embed(['nn.Conv2d(3, 16, 3)']);
 *     await embedder.close();
 *
 * Throws ERR_OPTION for an unknown name or option, or one that makes no sense with this model; ERR_MODEL where the model is
 * not in the store. `embed` throws ERR_LENGTH for an empty text, and for one over the limit where `onLong` is `error`.
 */
export async function createEmbedder(options: Partial<EmbedderOptions> & { model: string }): Promise<Embedder> {
  const { pooling = 'avg_avg', ...others } = options;
  if ('poolings' in others)
    throw new ColeError('ERR_OPTION', 'expected one pooling, or createMultiEmbedder for several, got poolings');
  const inner = await createMultiEmbedder({ ...others, poolings: [pooling] });
  const { identity, dimension } = inner.columns[0]!;
  return {
    identity,
    dimension,
    stats: inner.stats,
    warnings: inner.warnings,
    sharesBeginnings: inner.sharesBeginnings,
    plan: (...call) => inner.plan(...call),
    measure: (...call) => inner.measure(...call),
    embed: async (...call) => (await inner.embed(...call))[0]!,
    close: () => inner.close(),
  };
}

/**
 * Several poolings from one run of the model.
 *
 *     const embedder = await createMultiEmbedder({ model: 'smollm2-135m', poolings: ['mean', 'avg_avg'] });
 *     const [means, averages] = await embedder.embed(['nn.Conv2d(3, 16, 3)']);
 *     await embedder.close();
 *
 * Errors as of `createEmbedder`; ERR_OPTION also for no pooling, and for one that is given twice.
 */
export async function createMultiEmbedder(
  options: Partial<MultiEmbedderOptions> & { model: string; poolings: readonly Pooling[] },
): Promise<MultiEmbedder> {
  const defaults: MultiEmbedderOptions = {
    model: options.model,
    poolings: options.poolings,
    maxTokens: 2048,
    onLong: 'error',
    embeddingLayer: true,
    specialTokens: true,
    echo: false,
    precision: 'float32',
    batchTokens: null,
    threads: physicalCores(),
    cache: embeddingsFolder(),
    cacheLimit: defaultCacheLimit(),
  };
  const resolved = resolveOptions('the embedder', defaults, options);
  checkOptions(resolved);
  const model = await openModel(resolved.model, resolved.precision);
  const { poolings, embeddingLayer, specialTokens, echo } = resolved;
  const { family } = model.manifest.config;
  if (echo && !families[family]!.sharesPrefixes)
    throw new ColeError(
      'ERR_OPTION',
      `expected a causal language model for echo, got ${resolved.model} of family ${family}`,
    );
  const uncountedEnd = specialTokens ? 0 : model.tokenizer.suffix.length;
  const outputs = { outputs: poolings, embeddingLayer, ...(uncountedEnd > 0 && { uncountedEnd }) };
  return new ModelEmbedder(model, await graphOf(model, outputs), resolved);
}

function checkOptions(options: MultiEmbedderOptions): void {
  const { poolings, embeddingLayer, echo, onLong } = options;
  pickNamed('onLong', { error: true, truncate: true, chunk: true }, onLong);
  for (const name of ['maxTokens', 'batchTokens', 'threads'] as const)
    if (options[name] !== null && (!Number.isSafeInteger(options[name]) || options[name] < 1))
      throw new ColeError('ERR_OPTION', `expected a whole number of at least 1 for ${name}, got ${options[name]}`);
  if (!(options.cacheLimit >= 0))
    throw new ColeError('ERR_OPTION', `expected a number of bytes for cacheLimit, got ${options.cacheLimit}`);
  if (!Array.isArray(poolings) || poolings.length === 0)
    throw new ColeError('ERR_OPTION', `expected at least one pooling, got ${JSON.stringify(poolings)}`);
  const twice = poolings.find((pooling, at) => poolings.indexOf(pooling) !== at);
  if (twice !== undefined) throw new ColeError('ERR_OPTION', `expected each pooling once, got ${twice} twice`);
  if (!embeddingLayer && !poolings.includes('avg_avg'))
    throw new ColeError(
      'ERR_OPTION',
      `expected pooling avg_avg, which alone averages over all layers, for embeddingLayer false, got ${poolings}`,
    );
  if (echo && onLong !== 'error')
    throw new ColeError('ERR_OPTION', `expected onLong error with echo, which pools whole texts, got ${onLong}`);
}
