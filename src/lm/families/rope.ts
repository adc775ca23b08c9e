/**
 * Rotary position angles as tables of cosines and sines, with the ways in which models are stretched to longer texts
 * (formulas: Hugging Face transformers' modeling_rope_utils; YaRN: arXiv 2309.00071).
 */
import type { ConfigReader } from './fields.js';
import { headSizeOf, type ModelConfig, type RopeScaling } from './model.js';
import type { WeightList } from './weights.js';

/** Base and scaling from `rope_parameters` (or the older `rope_theta` and `rope_scaling`). */
export function ropeOf(
  config: ConfigReader,
  fallback = 10_000,
): Pick<ModelConfig, 'ropeTheta'> & { ropeScaling?: RopeScaling } {
  const parameters = config.object('rope_parameters') ?? config.object('rope_scaling');
  const ropeTheta = parameters?.optional('rope_theta') ?? config.number('rope_theta', fallback);
  config.only('partial_rotary_factor', 1);
  parameters?.only('partial_rotary_factor', 1);
  const ropeScaling = parameters && scalingOf(parameters, config);
  return ropeScaling ? { ropeTheta, ropeScaling } : { ropeTheta };
}

function scalingOf(parameters: ConfigReader, config: ConfigReader): RopeScaling | undefined {
  const type = parameters.get('rope_type') ?? parameters.get('type') ?? 'default';
  const original = () =>
    parameters.optional('original_max_position_embeddings') ?? config.number('max_position_embeddings');
  const factor = () => parameters.number('factor');
  switch (type) {
    case 'default':
    // Stretches only texts that are longer than the model's positions, and those are not taken.
    case 'dynamic':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: factor() };
    case 'llama3': {
      const low = parameters.number('low_freq_factor');
      return {
        type: 'llama3',
        factor: factor(),
        low,
        high: parameters.number('high_freq_factor'),
        original: original(),
      };
    }
    case 'yarn':
      return {
        type: 'yarn',
        factor: factor(),
        fast: parameters.number('beta_fast', 32),
        slow: parameters.number('beta_slow', 1),
        original: original(),
        truncate: parameters.get('truncate') !== false,
        amplitude: yarnAmplitude(parameters, factor()),
      };
    default:
      throw parameters.error('expected rope scaling of type default, dynamic, linear, llama3 or yarn', type);
  }
}

function yarnAmplitude(parameters: ConfigReader, factor: number): number {
  const given = parameters.optional('attention_factor');
  if (given !== undefined) return given;
  const of = (scale = 1) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const [scale, allDimensions] = [parameters.get('mscale'), parameters.get('mscale_all_dim')];
  return scale && allDimensions ? of(Number(scale)) / of(Number(allDimensions)) : of();
}

/** Angle per position, one for each pair of a head's values, in float32 as the models were trained. */
export function frequencies(headSize: number, theta: number, scaling: RopeScaling | undefined): Float32Array {
  const plain = Float32Array.from({ length: headSize / 2 }, (_, i) => 1 / Math.fround(theta ** ((2 * i) / headSize)));
  if (!scaling) return plain;
  const { factor } = scaling;
  if (scaling.type === 'linear') return plain.map((frequency) => frequency / factor);
  if (scaling.type === 'llama3') {
    const { low, high, original } = scaling;
    return plain.map((frequency) => {
      const turns = (original * frequency) / (2 * Math.PI);
      if (turns < low) return frequency / factor;
      if (turns > high) return frequency;
      const smooth = (turns - low) / (high - low);
      return ((1 - smooth) * frequency) / factor + smooth * frequency;
    });
  }
  const { fast, slow, original, truncate } = scaling;
  const dimensionOf = (turns: number) =>
    (headSize * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [dimensionOf(fast), dimensionOf(slow)];
  const from = Math.max(truncate ? Math.floor(first) : first, 0);
  const to = Math.min(truncate ? Math.ceil(last) : last, headSize - 1);
  return plain.map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - from) / (from === to ? 0.001 : to - from)));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
}

/** Adds the tables `<prefix>cos` and `<prefix>sin`, [positions, headSize / 2]. */
export function addRotary(
  list: WeightList,
  config: ModelConfig,
  prefix = '',
  theta = config.ropeTheta,
  divisors?: () => Promise<Float32Array>,
): void {
  const headSize = headSizeOf(config);
  const half = headSize / 2;
  const { positions, ropeScaling } = config;
  const amplitude = ropeScaling?.type === 'yarn' ? ropeScaling.amplitude : 1;
  for (const [part, wave] of [
    ['cos', Math.cos],
    ['sin', Math.sin],
  ] as const)
    list.computed(`${prefix}${part}`, [positions, half], async () => {
      const by = await divisors?.();
      const angles = frequencies(headSize, theta, ropeScaling).map((frequency, i) => frequency / (by?.[i] ?? 1));
      const out = new Float32Array(positions * half);
      for (let t = 0; t < positions; t++)
        for (let i = 0; i < half; i++) out[t * half + i] = amplitude * wave(Math.fround(t * angles[i]!));
      return out;
    });
}
