export {
  contractAbi,
  type NativeAddon,
  type NativeEncoded,
  type NativeInfo,
  type NativeMlp,
  type NativeMlpSpec,
  type NativePca,
  type NativePooling,
  type NativeTokenizer,
  type NativeTokenizerSpec,
} from './contract.js';
export type { NativeAttention, NativeGp, NativeModels } from './contract-heads.js';
export { addonPath, native } from './load.js';
