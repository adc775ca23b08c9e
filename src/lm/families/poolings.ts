/**
 * The ways from hidden states to one vector per text, as outputs of a graph. Hidden state 0 is the embedding layer's, state
 * L the last block's after the model's final norm. A graph holds what was asked for and no more: the runtime computes every
 * output of a graph.
 */
import { ColeError } from '../../base/index.js';
import type { Graph, Value } from '../onnx/graph.js';
import type { ModelConfig } from './model.js';

export interface GraphOptions {
  /**
   * `mean`, `last_token`, `avg_avg`, `multi_layer`, `mid`, `layer:K`, each [texts, its width], or `last_hidden_state`
   * [texts, tokens, hidden].
   */
  readonly outputs: readonly string[];
  /** Whether the mean over all layers, `avg_avg`, counts the embedding layer. */
  readonly embeddingLayer: boolean;
  /** Tokens at the end of every text that do not count, of which none is its last token. Default 0. */
  readonly uncountedEnd?: number;
}

export type Recipe =
  | { readonly kind: 'states' | 'last' }
  /** Mean over tokens of the mean over these states, or of each of them, one after the other. */
  | { readonly kind: 'average' | 'each'; readonly layers: readonly number[] };

const statesOf = (recipe: Recipe) => ('layers' in recipe ? recipe.layers.length : 1);

/** Distance of the layers of `multi_layer`. */
const layerStep = 4;

/** How `output` is made of hidden states; ERR_OPTION where a model of so many layers has no such output. */
export function recipeOf(output: string, { layers }: Pick<ModelConfig, 'layers'>, embeddingLayer: boolean): Recipe {
  const between = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const chosen = /^layer:(0|[1-9]\d*)$/.exec(output);
  if (chosen) {
    const layer = Number(chosen[1]);
    if (layer > layers)
      throw new ColeError('ERR_OPTION', `expected a layer of 0 to ${layers} for the pooling, got ${output}`);
    return { kind: 'average', layers: [layer] };
  }
  switch (output) {
    case 'last_hidden_state':
      return { kind: 'states' };
    case 'last_token':
      return { kind: 'last' };
    case 'mean':
      return { kind: 'average', layers: [layers] };
    case 'avg_avg':
      return { kind: 'average', layers: between(embeddingLayer ? 0 : 1, layers) };
    // The middle third: as many states lie below as above.
    case 'mid': {
      const from = Math.ceil(layers / 3);
      return { kind: 'average', layers: between(from, Math.max(from, Math.floor((2 * layers) / 3))) };
    }
    case 'multi_layer':
      return { kind: 'each', layers: between(0, layers).filter((layer) => (layers - layer) % layerStep === 0) };
    default:
      throw new ColeError(
        'ERR_OPTION',
        `expected a pooling of mean, last_token, avg_avg, multi_layer, mid or layer:K, got ${output}`,
      );
  }
}

/** Values of one text's vector; ERR_OPTION where the model has no such pooling. */
export function poolingWidth(output: string, config: Pick<ModelConfig, 'layers' | 'hidden'>): number {
  const recipe = recipeOf(output, config, true);
  return recipe.kind === 'each' ? recipe.layers.length * config.hidden : config.hidden;
}

/** How a graph lays out texts. */
export interface Layout {
  /** States as the blocks hold them to [B, T, D]. */
  toTexts(state: Value): Value;
  /** 1 for tokens that are counted, 0 for others and for padding: [B, 1, T]. */
  readonly mask: Value;
  /** State of the last token of each text: [B, D]. */
  lastToken(state: Value): Value;
}

/**
 * Takes the hidden states one by one, from 0 to L. Nodes of poolings come after those of all layers in the graph: of what a
 * node needs the runtime computes first what comes last, so a running sum takes a layer's state as soon as there is one,
 * and that can be freed. The other way round it keeps all states until the end.
 */
export class PoolingOutputs {
  readonly #recipes: readonly (readonly [string, Recipe])[];
  readonly #states = new Map<number, Value>();
  readonly #means = new Map<number, Value>();
  readonly #shape: Value;
  #count: Value | undefined;

  constructor(
    private readonly g: Graph,
    private readonly layout: Layout,
    private readonly config: Pick<ModelConfig, 'layers' | 'hidden'>,
    { outputs, embeddingLayer }: GraphOptions,
  ) {
    const recipes = outputs.map((name) => [name, recipeOf(name, config, embeddingLayer)] as const);
    // The sum that needs most states is the one that runs along with the layers.
    this.#recipes = recipes.sort(([, a], [, b]) => statesOf(a) - statesOf(b));
    this.#shape = g.integers([-1, config.hidden]);
  }

  add(state: Value): void {
    this.#states.set(this.#states.size, state);
    if (this.#states.size > this.config.layers) this.#finish();
  }

  /** The only state of a model of which no other is known. */
  addLast(state: Value): void {
    this.#states.set(this.config.layers, state);
    this.#finish();
  }

  #finish(): void {
    const { g, layout, config } = this;
    const last = this.#states.get(config.layers)!;
    for (const [name, recipe] of this.#recipes) {
      switch (recipe.kind) {
        case 'average':
          this.#output(name, this.#average(recipe.layers));
          break;
        case 'each': {
          const means = recipe.layers
            .toReversed()
            .map((layer) => this.#tokenMean(layer))
            .reverse();
          this.#output(name, g.node('Concat', means, { attributes: { axis: 1 } }), means.length);
          break;
        }
        case 'last':
          this.#output(name, layout.lastToken(last));
          break;
        case 'states':
          g.output(name, layout.toTexts(last), 'float32', ['batch', 'tokens', config.hidden]);
      }
    }
  }

  #average(layers: readonly number[]): Value {
    const { g } = this;
    if (layers.length === 1) return this.#tokenMean(layers[0]!);
    const sum = layers
      .map((layer) => this.#states.get(layer)!)
      .reduce((before, state) => g.node('Add', [before, state]));
    return this.#meanOf(g.node('Div', [sum, g.scalar(layers.length)]));
  }

  #tokenMean(layer: number): Value {
    const known = this.#means.get(layer) ?? this.#meanOf(this.#states.get(layer)!);
    this.#means.set(layer, known);
    return known;
  }

  /**
   * Mean over tokens: [B, D]. A product with the row of the mask, not ReduceMean: that one splits its sum by batch size and
   * thread count, and a vector must not depend on what shares its batch.
   */
  #meanOf(state: Value): Value {
    const { g, layout } = this;
    this.#count ??= g.node('MatMul', [
      layout.mask,
      g.node('Transpose', [this.#ones()], { attributes: { perm: [0, 2, 1] } }),
    ]);
    const sum = g.node('MatMul', [layout.mask, layout.toTexts(state)]);
    return g.node('Reshape', [g.node('Div', [sum, this.#count]), this.#shape]);
  }

  /** Ones in the shape of the mask. */
  #ones(): Value {
    const { g, layout } = this;
    return g.node('Expand', [g.scalar(1), g.node('Shape', [layout.mask])]);
  }

  #output(name: string, value: Value, times = 1): void {
    this.g.output(name, value, 'float32', ['batch', times * this.config.hidden]);
  }
}
