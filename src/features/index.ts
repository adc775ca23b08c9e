/** Feature sets by name: embeddings of the code, structural encodings, n-grams of the same text, sums and committees of those. */
import { ColeError, unknownName } from '../base/index.js';
import { type Renderer, renderer } from '../code/index.js';
import type { Space } from '../spaces/index.js';
import { codeFeatures, embeddedTexts, type TextEmbedder } from './code.js';
import { type Block, combined } from './combine.js';
import { codeDefaults, defaultStyle } from './defaults.js';
import { ngramFeatures } from './ngrams.js';
import { type Scaling, scalings } from './scaling.js';
import { parseSpec, setsOf } from './spec.js';
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
export { parseSpec, setsOf } from './spec.js';
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
  /** Scaling of every set before it is joined or used. Default: `codeScaling` or none. */
  readonly scaling?: Scaling | undefined;
  /** Of `code` where a head sees nothing else and `scaling` is not given. Default: `codeDefaults.scaling`. */
  readonly codeScaling?: Scaling | undefined;
}

/** Names that `createFeatures` takes for a space, alone or joined by `+` and `/`. */
export function featureNames<Arch>(space: Space<Arch>): string[] {
  return ['code', 'ngrams', 'derivation', ...Object.keys(space.encodings)];
}

/** Whether the features read embeddings, so that a language model has to be there. */
export function needsEmbedder(spec: string): boolean {
  return setsOf(spec).includes('code');
}

/**
 * Features from their name on the command line. One set is passed on as it is unless a scaling is asked for; the sets of a
 * sum `a+b` are each centred and scaled to unit size; the parts of a committee `x/y`, sets or sums, each get a head of their
 * own from the surrogate, which averages what they say. Throws ERR_OPTION for names that the space does not have.
 */
export function createFeatures<Arch>(spec: string, context: FeatureContext<Arch>): FeatureSet<Arch> {
  if (context.scaling !== undefined && !scalings.includes(context.scaling))
    throw unknownName('scaling of features', context.scaling, scalings);
  const parts = parseSpec(spec).map((names): Block[] =>
    names.map((set) => ({ set, scaling: scalingOf(set, names.length === 1, context) })),
  );
  const sets = new Map(setsOf(spec).map((name) => [name, createSet(name, context)]));
  const [first] = parts[0]!;
  const plain = parts.flat().length === 1 && first!.scaling === 'none';
  return plain ? sets.get(first!.set)! : combined(spec, sets, parts);
}

function scalingOf(
  set: string,
  alone: boolean,
  context: Pick<FeatureContext<unknown>, 'scaling' | 'codeScaling'>,
): Scaling {
  const usual = set === 'code' && alone ? context.codeScaling : undefined;
  return context.scaling ?? usual ?? (set === 'code' ? codeDefaults.scaling : 'none');
}

function createSet<Arch>(name: string, context: FeatureContext<Arch>): FeatureSet<Arch> {
  const { space, textEmbedder, staticEmbedder } = context;
  if (name === 'code') {
    if (!textEmbedder) throw new ColeError('ERR_OPTION', `expected a language model for features code, got none`);
    return codeFeatures(textRenderer(context), textEmbedder);
  }
  if (name === 'static' && staticEmbedder) return embeddedTexts(name, textRenderer(context), staticEmbedder);
  if (name === 'ngrams') return ngramFeatures(name, textRenderer(context));
  // The string that the space writes: in einspace how the grammar derives the network.
  if (name === 'derivation') return ngramFeatures(name, (arch) => space.print(arch));
  if (Object.hasOwn(space.encodings, name)) return structuralFeatures(name, space.encodings[name]!);
  throw unknownName(`features of ${space.name}`, name, featureNames(space));
}

function textRenderer<Arch>(context: FeatureContext<Arch>): (arch: Arch) => string {
  const { render } =
    context.renderer ?? renderer(context.space.name, context.style ?? defaultStyle(context.space.name));
  return render;
}
