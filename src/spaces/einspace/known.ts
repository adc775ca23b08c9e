/** Known architectures as derivations, for comparisons and as starting points of a search. Inputs are images. */
import { pickNamed } from '../../base/index.js';
import type { Network } from './network.js';
import { parseNetwork } from './parse.js';
import { defaultSettings, type Settings } from './settings.js';

/** One module after the other. */
function chain(...modules: string[]): string {
  return modules.reduceRight((rest, module) => `sequential(${module}, ${rest})`);
}

const layer = (terminal: string) => `computation<${terminal}>`;
const [identity, norm] = [layer('identity'), layer('norm')];
const linear = (width: number) => layer(`linear(${width})`);
const relu = ({ variant }: Settings) => layer(variant === 'e2' ? 'relu' : 'leakyrelu');
const conv = (window: '1,1,0' | '1,2,0' | '3,1,1' | '3,2,1', channels: number) =>
  `routing[im2col(${window}), ${linear(channels)}, col2im]`;
const sum = (left: string, right: string) => `branching(2){clone(2), ${left}, ${right}, add(2)}`;
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** ResNet-18 for small images: no max pooling, a second convolution of stride 2 in the stem. */
function resnet18(settings: Settings): string {
  const act = relu(settings);
  const blocks = [64, 64, 128, 128, 256, 256, 512, 512].flatMap((channels, index) => {
    const wider = index > 0 && index % 2 === 0;
    const body = chain(conv(wider ? '3,2,1' : '3,1,1', channels), norm, act, conv('3,1,1', channels), norm);
    return [sum(body, wider ? chain(conv('1,2,0', channels), norm) : identity), act];
  });
  return chain(conv('3,1,1', 64), norm, act, conv('3,2,1', 64), ...blocks);
}

/** WideResNet of depth 16 and width 4, with activation before convolution. */
function wideResnet(settings: Settings): string {
  const act = relu(settings);
  const blocks = [64, 128, 256].flatMap((channels, stage) =>
    times(2, (index) => {
      const smaller = stage > 0 && index === 0;
      const body = chain(norm, act, conv(smaller ? '3,2,1' : '3,1,1', channels), norm, act, conv('3,1,1', channels));
      return sum(body, index === 0 ? conv(smaller ? '1,2,0' : '1,1,0', channels) : identity);
    }),
  );
  return chain(conv('3,1,1', 16), ...blocks, norm, act);
}

const patches = [`routing[im2col(4,4,0), ${linear(512)}, identity]`, layer('pos_enc')];

/** Vision transformer: four heads of width 64, patches of 4 x 4, width 512 throughout. */
function vit(settings: Settings, depth: number): string {
  const transposed = `routing[identity, ${linear(64)}, perm(0,2,1)]`;
  const weights = chain(`branching(2){clone(2), ${linear(64)}, ${transposed}, dot_product(scaled)}`, layer('softmax'));
  const head = `branching(2){clone(2), ${weights}, ${linear(64)}, dot_product}`;
  const attention = chain(`branching(4){clone(4), ${head}, cat(4,2)}`, linear(512));
  const feedForward = chain(linear(512), relu(settings), linear(512));
  return chain(
    ...patches,
    ...times(depth, () => [sum(attention, identity), norm, sum(feedForward, identity), norm]).flat(),
  );
}

/** MLP-Mixer: a perceptron over the 64 positions, then one over the channels, in one residual; two of these a unit of depth. */
function mixer(settings: Settings, depth: number): string {
  const act = relu(settings);
  const positions = [
    `routing[perm(0,2,1), ${linear(256)}, identity]`,
    act,
    `routing[identity, ${linear(64)}, perm(0,2,1)]`,
  ];
  const mixing = sum(chain(norm, ...positions, linear(256), act, linear(512)), identity);
  return chain(...patches, ...times(2 * depth, () => mixing));
}

const known: Readonly<Record<string, (settings: Settings) => string>> = {
  'resnet-18': resnet18,
  'wide-resnet-16-4': wideResnet,
  'vit-4': (settings) => vit(settings, 4),
  'vit-8': (settings) => vit(settings, 8),
  'mlp-mixer-4': (settings) => mixer(settings, 4),
  'mlp-mixer-8': (settings) => mixer(settings, 8),
};

export const knownNetworkNames: readonly string[] = Object.keys(known);

/** The known architecture in a space. Throws ERR_INPUT where it does not fit the input, such as mixers, which want 64 positions. */
export function knownNetwork(name: string, settings: Settings = defaultSettings): Network {
  return parseNetwork(settings, pickNamed('known network of einspace', known, name)(settings));
}
