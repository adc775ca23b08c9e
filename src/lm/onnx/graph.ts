/**
 * Builds an ONNX graph node by node. A value is the name of a tensor; operators of the `com.microsoft` domain are
 * onnxruntime's fused ones.
 */
import { ColeError } from '../../base/index.js';
import {
  type Attribute,
  type Dimension,
  type ElementType,
  encodeAddition,
  encodeModel,
  type NodeProto,
  type TensorProto,
  type ValueProto,
} from './proto.js';

export type Value = string;

export interface WeightEntry {
  readonly shape: readonly number[];
  readonly offset: number;
  /** Absent: float32. */
  readonly type?: 'int8' | 'uint8';
  /** Where it is not that of the table. */
  readonly file?: string;
}

/** Where each weight lies in the weight file. */
export interface WeightTable {
  readonly file: string;
  readonly tensors: Readonly<Record<string, WeightEntry>>;
}

export function bytesOf({ shape, type }: WeightEntry): number {
  return (type === undefined ? 4 : 1) * shape.reduce((a, b) => a * b, 1);
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: 'com.microsoft';
  /** Number of outputs, 1 if absent. */
  readonly outputs?: number;
}

/** Absent optional input. */
export const none: Value = '';
const opset = 18;

export class Graph {
  private readonly nodes: NodeProto[] = [];
  private readonly tensors = new Map<string, TensorProto>();
  private readonly inputs: ValueProto[] = [];
  private readonly outputs: ValueProto[] = [];
  private readonly aliases: Value[] = [];
  /** The weight matrices that were asked for, by name, with what each is multiplied with. */
  readonly matrices = new Map<string, Value>();
  /**
   * Values whose channels the last axis of a weight scales, such as a norm's, with the name of that weight. Where a weight matrix
   * reads such a value nothing else does, so range may be moved from the one weight to the other.
   */
  readonly channels = new Map<Value, string>();

  constructor(
    private readonly name: string,
    private readonly weights: WeightTable,
    /** Before the names of values, where the graph is merged with another. */
    private readonly prefix = '',
  ) {}

  input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.inputs.push({ name, type, shape });
    return name;
  }

  output(name: string, value: Value, type: ElementType, shape: readonly Dimension[]): void {
    if (value !== name) this.alias(name, value);
    this.outputs.push({ name, type, shape });
  }

  /** Gives a value a name that somebody else knows. */
  alias(name: string, value: Value): void {
    this.aliases.push(name);
    this.nodes.push({
      op: 'Identity',
      domain: '',
      name: this.prefix + name,
      inputs: [value],
      outputs: [name],
      attributes: {},
    });
  }

  /** The first output of a new node. */
  node(op: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    return this.nodeOutputs(op, inputs, options)[0]!;
  }

  /** All outputs of a new node. */
  nodeOutputs(op: string, inputs: readonly Value[], options: NodeOptions = {}): Value[] {
    const name = `${this.prefix}${op}_${this.nodes.length}`;
    const outputs = Array.from({ length: options.outputs ?? 1 }, (_, i) => `${name}:${i}`);
    this.nodes.push({
      op,
      domain: options.domain ?? '',
      name,
      inputs,
      outputs,
      attributes: options.attributes ?? {},
    });
    return outputs;
  }

  /** A tensor of the weight file. */
  weight(name: string): Value {
    const entry = this.entry(name);
    const { shape, type = 'float32', offset, file = this.weights.file } = entry;
    this.tensors.set(name, { name, type, shape, content: { file, offset, bytes: bytesOf(entry) } });
    return name;
  }

  /** A weight matrix that may be kept in another precision, to be multiplied with x [..., K]. */
  matrix(name: string, x: Value): Value {
    this.matrices.set(name, x);
    return this.weight(name);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.weights.tensors, name);
  }

  entry(name: string): WeightEntry {
    const entry = this.weights.tensors[name];
    if (!entry) throw new ColeError('ERR_MODEL', `expected tensor ${name} in ${this.weights.file}, got none`);
    return entry;
  }

  integers(
    values: readonly number[],
    type: 'uint8' | 'int32' | 'int64' = 'int64',
    shape: readonly number[] = [values.length],
  ): Value {
    const name = `${this.prefix}${type}[${shape}](${values})`;
    const array = integerArray(values, type);
    this.tensors.set(name, { name, type, shape, content: new Uint8Array(array.buffer) });
    return name;
  }

  scalar(value: number): Value {
    const name = `${this.prefix}float32(${value})`;
    const content = new Uint8Array(Float32Array.of(value).buffer);
    this.tensors.set(name, { name, type: 'float32', shape: [], content });
    return name;
  }

  encode(): Uint8Array {
    return encodeModel({ ...this.#parts(), producer: 'cole', opsets: { '': opset, 'com.microsoft': 1 } });
  }

  /** To be appended to the bytes of a model, whose graph the nodes join: protobuf merges messages that follow each other. */
  encodeAddition(): Uint8Array {
    return encodeAddition(this.#parts());
  }

  /** Only what some output or alias needs: the runtime computes every node of a graph, such as layers above the one asked for. */
  #parts() {
    const { name, inputs, outputs } = this;
    const needed = new Set([...this.aliases, ...outputs.map((each) => each.name)]);
    // Nodes come after those they read from.
    const nodes = this.nodes.toReversed().filter((node) => {
      if (!node.outputs.some((value) => needed.has(value))) return false;
      for (const value of node.inputs) needed.add(value);
      return true;
    });
    const tensors = [...this.tensors.values()].filter((tensor) => needed.has(tensor.name));
    return { name, nodes: nodes.reverse(), inputs, outputs, tensors };
  }
}

function integerArray(values: readonly number[], type: 'uint8' | 'int32' | 'int64') {
  if (type === 'int64') return BigInt64Array.from(values, BigInt);
  return type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}
