/** What a head sees, planned: shared by searches and regression studies. */
import {
  codeScaling,
  createFeatures,
  defaultStyle,
  needsEmbedder,
  type Reading,
  type ReadingChoice,
  refuseReading,
  resolveReading,
  type Scaling,
} from '../features/index.js';
import type { Embedder } from '../lm/index.js';
import { space as spaceOf } from '../spaces/index.js';

/** As Node's warnings, which the command line prints: nothing is cut or split in silence. */
export function warnOfLongTexts({ stats: { truncated, chunked } }: Pick<Embedder, 'stats'>): void {
  const what = truncated > 0 ? 'cut' : 'split into windows';
  const texts = truncated + chunked;
  if (texts > 0) process.emitWarning(`${texts} texts were longer than the limit and were ${what}`, 'ColeWarning');
}

/** As a caller says it; what is missing takes the default of its space or model. */
export interface FeatureChoice extends ReadingChoice {
  readonly features?: string | undefined;
  readonly style?: string | undefined;
  readonly scaling?: Scaling | undefined;
}

export interface PlannedFeatures {
  readonly spec: string;
  readonly style: string;
  readonly scaling: Scaling | null;
  /** Of `code` as a part of a committee, where that is not none. */
  readonly codeScaling?: Scaling;
}

export interface FeaturePlan {
  readonly features: PlannedFeatures;
  /** Null where no text is read with a language model. */
  readonly embedder: Reading | null;
}

/** Throws ERR_OPTION for a word that the features do not know and for a language model that they do not read with. Embeds nothing. */
export function planFeatures(choice: FeatureChoice, spaceName: string): FeaturePlan {
  const spec = choice.features ?? 'code';
  const reads = needsEmbedder(spec);
  if (!reads) refuseReading(choice, `features ${spec}, which read no text with a language model`);
  const style = choice.style ?? defaultStyle(spaceName);
  const neverAsked = { dimension: 1, embed: () => Promise.reject(new Error('asked for vectors while planning')) };
  createFeatures(spec, {
    space: spaceOf(spaceName),
    style,
    textEmbedder: neverAsked,
    ...(choice.scaling !== undefined && { scaling: choice.scaling }),
  });
  const reading = resolveReading(choice);
  const usual = codeScaling(reading.model);
  const scaling = choice.scaling ?? (spec === 'code' ? usual : null);
  const ofPart = scaling === null && usual !== 'none' && spec.split('/').includes('code');
  return {
    features: { spec, style, scaling, ...(ofPart && { codeScaling: usual }) },
    embedder: reads ? reading : null,
  };
}
