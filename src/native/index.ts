export { contractAbi, type NativeAddon, type NativeInfo } from './contract.js';
export { addonPath, native } from './load.js';
