export {
  contractAbi,
  type NativeAddon,
  type NativeInfo,
  type NativeMlp,
  type NativeMlpSpec,
  type NativePca,
  type NativePooling,
} from './contract.js';
export { addonPath, native } from './load.js';
