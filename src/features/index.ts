/** Feature sets by name: embeddings of the code, structural encodings, n-grams of the same text, and sums of those. */
import { ColeError, unknownName } from '../base/index.js';
import { type Renderer, renderer } from '../code/index.js';
import type { Space } from '../spaces/index.js';
import { codeFeatures, embeddedTexts, type TextEmbedder } from './code.js';
import { scaled, sum } from './combine.js';
import { codeDefaults, defaultStyle } from './defaults.js';
import { ngramFeatures } from './ngrams.js';
import { type Scaling, scalings } from './scaling.js';
import { structuralFeatures } from './structural.js';
import type { FeatureSet } from './types.js';

export type { TextEmbedder } from './code.js';
export { codeDefaults, codeScaling, defaultStyle } from './defaults.js';
export {
  type Reading,
  type ReadingChoice,
  readingWords,
  refuseReading,
  resolveReading,
  shortReading,
} from './reading.js';
export { type Scaling, scalings } from './scaling.js';
export type { FeatureSet, FittedFeatures } from './types.js';

export interface FeatureContext<Arch> {
  readonly space: Space<Arch>;
  /** Needed by `code`. */
  readonly textEmbedder?: TextEmbedder;
  /** Needed by `static`: the mean of a language model's input embeddings, which is no feature of its own on the command line of searches. */
  readonly staticEmbedder?: TextEmbedder;
  /** Style of the text that `code` and `ngrams` read. Default: `defaultStyle`. */
  readonly style?: string;
  /** Takes the place of `style` for a space that has no built-in renderer. */
  readonly renderer?: Renderer<Arch>;
  /** Scaling of every set before it is joined or used. Default: `codeDefaults.scaling` for `code`, none for the others. */
  readonly scaling?: Scaling;
}

/** Names that `createFeatures` takes for a space, alone or joined by `+`. */
export function featureNames<Arch>(space: Space<Arch>): string[] {
  return ['code', 'ngrams', 'derivation', ...Object.keys(space.encodings)];
}

/** Whether the features read embeddings, so that a language model has to be there. */
export function needsEmbedder(spec: string): boolean {
  return spec.split('+').includes('code');
}

/**
 * Features from their name on the command line. One set is passed on as it is unless a scaling is asked for; the parts of a
 * sum `a+b` are each centred and scaled to unit size. Throws ERR_OPTION for names that the space does not have.
 */
export function createFeatures<Arch>(spec: string, context: FeatureContext<Arch>): FeatureSet<Arch> {
  if (context.scaling !== undefined && !scalings.includes(context.scaling))
    throw unknownName('scaling of features', context.scaling, scalings);
  const names = spec.split('+');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new ColeError('ERR_OPTION', `expected distinct names in features ${spec}, got ${twice} twice`);
  const sets = names.map((name) => createSet(name, context));
  return sets.length === 1 ? sets[0]! : sum(sets);
}

function createSet<Arch>(name: string, context: FeatureContext<Arch>): FeatureSet<Arch> {
  const { space, textEmbedder, scaling } = context;
  if (name === 'code') {
    if (!textEmbedder) throw new ColeError('ERR_OPTION', `expected a language model for features code, got none`);
    return scaled(codeFeatures(textRenderer(context), textEmbedder), scaling ?? codeDefaults.scaling);
  }
  if (name === 'static' && context.staticEmbedder)
    return scaled(embeddedTexts(name, textRenderer(context), context.staticEmbedder), scaling ?? 'none');
  if (name === 'ngrams') return scaled(ngramFeatures(name, textRenderer(context)), scaling ?? 'none');
  // The string that the space writes: in einspace how the grammar derives the network.
  if (name === 'derivation')
    return scaled(
      ngramFeatures(name, (arch) => space.print(arch)),
      scaling ?? 'none',
    );
  if (Object.hasOwn(space.encodings, name))
    return scaled(structuralFeatures(name, space.encodings[name]!), scaling ?? 'none');
  throw unknownName(`features of ${space.name}`, name, featureNames(space));
}

function textRenderer<Arch>(context: FeatureContext<Arch>): (arch: Arch) => string {
  const { render } =
    context.renderer ?? renderer(context.space.name, context.style ?? defaultStyle(context.space.name));
  return render;
}
