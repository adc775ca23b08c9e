/** What a head sees, planned: shared by searches and regression studies. */
import { ColeError } from '../base/index.js';
import {
  codeDefaults,
  codeScaling,
  createFeatures,
  defaultStyle,
  needsEmbedder,
  type Scaling,
} from '../features/index.js';
import type { Pooling } from '../lm/index.js';
import { space as spaceOf } from '../spaces/index.js';

/** As a caller says it; what is missing takes the default of its space or model. */
export interface FeatureChoice {
  readonly features?: string | undefined;
  readonly style?: string | undefined;
  readonly model?: string | undefined;
  readonly pooling?: Pooling | undefined;
  readonly scaling?: Scaling | undefined;
}

export interface FeaturePlan {
  readonly features: { readonly spec: string; readonly style: string; readonly scaling: Scaling | null };
  /** Null where no text is read with a language model. */
  readonly embedder: { readonly model: string; readonly pooling: Pooling } | null;
}

/** Throws ERR_OPTION for a word that the features do not know and for a language model that they do not read with. Embeds nothing. */
export function planFeatures(choice: FeatureChoice, spaceName: string): FeaturePlan {
  const spec = choice.features ?? 'code';
  const reads = needsEmbedder(spec);
  if (!reads && (choice.model !== undefined || choice.pooling !== undefined))
    throw new ColeError(
      'ERR_OPTION',
      `expected no model or pooling for features ${spec}, which read no text with a language model`,
    );
  const style = choice.style ?? defaultStyle(spaceName);
  const neverAsked = { dimension: 1, embed: () => Promise.reject(new Error('asked for vectors while planning')) };
  createFeatures(spec, {
    space: spaceOf(spaceName),
    style,
    textEmbedder: neverAsked,
    ...(choice.scaling !== undefined && { scaling: choice.scaling }),
  });
  const model = choice.model ?? codeDefaults.model;
  return {
    features: { spec, style, scaling: choice.scaling ?? (spec === 'code' ? codeScaling(model) : null) },
    embedder: reads ? { model, pooling: choice.pooling ?? codeDefaults.pooling } : null,
  };
}
