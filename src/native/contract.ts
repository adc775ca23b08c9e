/**
 * The typed boundary to the C++ addon: every export, with the shape of every buffer. All calls are synchronous over flat
 * buffers; inputs may lie on SharedArrayBuffers; outputs are fresh ArrayBuffers of JavaScript's own (so that they can be
 * transferred to another thread) unless an `out` is passed. A test compares the names here with the signature comments
 * above the bindings and with the keys of the loaded addon.
 */

/** Raised with every change of this file that an old build would misread. */
export const contractAbi = 1;

export interface NativeInfo {
  readonly abi: number;
  readonly version: string;
  /** Instruction set the kernels run on. */
  readonly isa: string;
  readonly supported: readonly string[];
}

export interface NativeAddon {
  info(): NativeInfo;
}
