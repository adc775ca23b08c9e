/**
 * The part of the ONNX protobuf schema (onnx.proto, IR version 9) that our graphs use: field numbers and how a graph made
 * of plain objects becomes bytes. Weights are never in the file: they are referred to by name, offset and length.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type ElementType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64';
export type Dimension = number | string;

export interface NodeProto {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  /** An empty string leaves an optional input or output out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface ValueProto {
  readonly name: string;
  readonly type: ElementType;
  /** A string names a dimension that is known only when the graph runs. */
  readonly shape: readonly Dimension[];
}

export interface TensorProto {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly content: Uint8Array | { readonly file: string; readonly offset: number; readonly bytes: number };
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
  readonly tensors: readonly TensorProto[];
}

export interface ModelProto extends GraphProto {
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
}

const irVersion = 9;
export const elementTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
};
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 };
const externalLocation = 1;

export function encodeModel(model: ModelProto): Uint8Array {
  const out = new BinaryWriter();
  int(out, 1, irVersion);
  text(out, 2, model.producer);
  message(out, 7, () => writeGraph(out, model));
  for (const [domain, version] of Object.entries(model.opsets))
    message(out, 8, () => {
      text(out, 1, domain);
      int(out, 2, version);
    });
  return out.finish();
}

/** A model's bytes with these at their end have the nodes, inputs, outputs and tensors of both graphs. */
export function encodeAddition(graph: GraphProto): Uint8Array {
  const out = new BinaryWriter();
  message(out, 7, () => writeGraph(out, graph));
  return out.finish();
}

function writeGraph(out: BinaryWriter, graph: GraphProto): void {
  for (const node of graph.nodes) message(out, 1, () => writeNode(out, node));
  text(out, 2, graph.name);
  for (const tensor of graph.tensors) message(out, 5, () => writeTensor(out, tensor));
  for (const value of graph.inputs) message(out, 11, () => writeValue(out, value));
  for (const value of graph.outputs) message(out, 12, () => writeValue(out, value));
}

function writeNode(out: BinaryWriter, node: NodeProto): void {
  for (const name of node.inputs) text(out, 1, name);
  for (const name of node.outputs) text(out, 2, name);
  text(out, 3, node.name);
  text(out, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) message(out, 5, () => writeAttribute(out, name, value));
  if (node.domain) text(out, 7, node.domain);
}

function writeAttribute(out: BinaryWriter, name: string, value: Attribute): void {
  text(out, 1, name);
  if (typeof value === 'number') {
    int(out, 3, value);
    int(out, 20, attributeTypes.int);
  } else if (typeof value === 'string') {
    text(out, 4, value);
    int(out, 20, attributeTypes.string);
  } else if ('float' in value) {
    out.tag(2, WireType.Bit32).float(value.float);
    int(out, 20, attributeTypes.float);
  } else {
    for (const item of value) int(out, 8, item);
    int(out, 20, attributeTypes.ints);
  }
}

function writeTensor(out: BinaryWriter, tensor: TensorProto): void {
  for (const size of tensor.shape) int(out, 1, size);
  int(out, 2, elementTypes[tensor.type]);
  text(out, 8, tensor.name);
  const { content } = tensor;
  if (content instanceof Uint8Array) {
    out.tag(9, WireType.LengthDelimited).bytes(content);
    return;
  }
  const entries = { location: content.file, offset: String(content.offset), length: String(content.bytes) };
  for (const [key, value] of Object.entries(entries))
    message(out, 13, () => {
      text(out, 1, key);
      text(out, 2, value);
    });
  int(out, 14, externalLocation);
}

function writeValue(out: BinaryWriter, value: ValueProto): void {
  text(out, 1, value.name);
  message(out, 2, () =>
    message(out, 1, () => {
      int(out, 1, elementTypes[value.type]);
      message(out, 2, () => {
        for (const size of value.shape)
          message(out, 1, () => (typeof size === 'number' ? int(out, 1, size) : text(out, 2, size)));
      });
    }),
  );
}

function message(out: BinaryWriter, field: number, write: () => void): void {
  out.tag(field, WireType.LengthDelimited).fork();
  write();
  out.join();
}

function int(out: BinaryWriter, field: number, value: number): void {
  out.tag(field, WireType.Varint).int64(value);
}

function text(out: BinaryWriter, field: number, value: string): void {
  out.tag(field, WireType.LengthDelimited).string(value);
}
