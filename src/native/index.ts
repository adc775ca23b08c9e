export {
  contractAbi,
  type NativeAddon,
  type NativeElement,
  type NativeEncoded,
  type NativeInfo,
  type NativeMlp,
  type NativeMlpSpec,
  type NativePca,
  type NativePooling,
  type NativeStates,
  type NativeTokenizer,
  type NativeTokenizerSpec,
} from './contract.js';
export type { NativeAttention, NativeGp, NativeModels } from './contract-heads.js';
export { addonPath, buildAddon, native } from './load.js';
