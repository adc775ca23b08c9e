/** Named weight tensors of a foreign model file, read one at a time as float32 so that a model is never whole in memory. */
export interface TensorSource {
  readonly names: ReadonlySet<string>;
  /** Sizes from the slowest to the fastest axis, as in PyTorch. */
  shape(name: string): readonly number[];
  /** `slice`: that one of the first axis, where tensors of one kind are stacked. */
  read(name: string, slice?: number): Promise<Float32Array>;
  close(): Promise<void>;
}
