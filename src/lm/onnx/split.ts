/**
 * Takes a ready ONNX file apart: its inputs and outputs, the contents of its large weights, and the rest, the skeleton, as
 * the bytes it was. Fields of the schema are copied, not understood, but for the few that are named here (onnx.proto).
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ColeError } from '../../base/index.js';

export interface ForeignValue {
  readonly name: string;
  /** Number of ONNX's element types. */
  readonly type: number;
  /** Undefined where the size is known only when the graph runs. */
  readonly shape: readonly (number | undefined)[];
}

/** Where bytes lie in another file beside the graph; `bytes` undefined: up to its end. */
export interface External {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number | undefined;
}

export interface ForeignTensor {
  readonly name: string;
  readonly type: number;
  readonly content: Uint8Array | External;
}

export interface SplitGraph {
  readonly irVersion: number;
  readonly inputs: readonly ForeignValue[];
  readonly outputs: readonly ForeignValue[];
  /** Kinds of nodes, but for those inside of others. */
  readonly operators: ReadonlySet<string>;
  /** Those whose contents leave the file. */
  readonly tensors: readonly ForeignTensor[];
  /** The model without inputs, outputs and the contents of `tensors`, of which the i-th lies at `places[i]` of `file`. */
  skeleton(file: string, places: readonly { readonly offset: number; readonly bytes: number }[]): Uint8Array;
}

/** Smaller tensors stay: shapes and constants that the runtime reads while it plans. */
const smallestMoved = 1024;
const modelFields = { irVersion: 1, graph: 7 };
const graphFields = { node: 1, tensor: 5, input: 11, output: 12 };
const operatorField = 4;
const tensorFields = { type: 2, name: 8, raw: 9, external: 13, location: 14 };

interface Field {
  readonly number: number;
  readonly type: WireType;
  /** With its tag. */
  readonly whole: Uint8Array;
  /** Of a field of bytes. */
  readonly content: Uint8Array;
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    const content = type === WireType.LengthDelimited ? reader.bytes() : bytes.subarray(reader.pos, reader.pos);
    if (type !== WireType.LengthDelimited) reader.skip(type, number);
    yield { number, type, whole: bytes.subarray(start, reader.pos), content };
  }
}

function integerOf({ whole }: Field): number {
  const reader = new BinaryReader(whole);
  reader.tag();
  return Number(reader.int64());
}

function textOf({ content }: Field): string {
  return new TextDecoder().decode(content);
}

export function splitOnnx(bytes: Uint8Array, path: string): SplitGraph {
  try {
    return split(bytes, path);
  } catch (cause) {
    if (cause instanceof ColeError) throw cause;
    throw new ColeError('ERR_DATA', `expected an ONNX file, but ${path} is none or was cut short`, { cause });
  }
}

function split(bytes: Uint8Array, path: string): SplitGraph {
  let irVersion = 0;
  // Usually one; of several, protobuf makes one.
  const graphs: Uint8Array[] = [];
  const model: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === modelFields.graph) graphs.push(field.content);
    else model.push(field.whole);
    if (field.number === modelFields.irVersion) irVersion = integerOf(field);
  }
  if (graphs.length === 0) throw new ColeError('ERR_DATA', `expected an ONNX file with a graph at ${path}, got none`);
  const kept: Uint8Array[] = [];
  const moved: { readonly tensor: ForeignTensor; readonly rest: readonly Uint8Array[] }[] = [];
  const operators = new Set<string>();
  const inputs: ForeignValue[] = [];
  const outputs: ForeignValue[] = [];
  for (const field of graphs.flatMap((graph) => [...fieldsOf(graph)])) {
    if (field.number === graphFields.input) inputs.push(readValue(field.content));
    else if (field.number === graphFields.output) outputs.push(readValue(field.content));
    else if (field.number === graphFields.tensor) {
      const parts = partsOf(field.content);
      if (parts) moved.push(parts);
      else kept.push(field.whole);
    } else kept.push(field.whole);
    if (field.number === graphFields.node)
      for (const part of fieldsOf(field.content)) if (part.number === operatorField) operators.add(textOf(part));
  }
  return {
    irVersion,
    inputs,
    outputs,
    operators,
    tensors: moved.map(({ tensor }) => tensor),
    skeleton: (file, places) => {
      const out = new BinaryWriter();
      for (const part of model) out.raw(part);
      out.tag(modelFields.graph, WireType.LengthDelimited).fork();
      for (const part of kept) out.raw(part);
      moved.forEach(({ rest }, i) => {
        out.tag(graphFields.tensor, WireType.LengthDelimited).fork();
        for (const part of rest) out.raw(part);
        writeExternal(out, file, places[i]!);
        out.join();
      });
      return out.join().finish();
    },
  };
}

/** Undefined for a tensor that stays as it is. */
function partsOf(bytes: Uint8Array) {
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  const external: Record<string, string> = {};
  const rest: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === tensorFields.raw) raw = field.content;
    else if (field.number === tensorFields.external) {
      const [key, value] = [...fieldsOf(field.content)].map(textOf);
      external[key!] = value ?? '';
    } else if (field.number !== tensorFields.location) rest.push(field.whole);
    if (field.number === tensorFields.name) name = textOf(field);
    if (field.number === tensorFields.type) type = integerOf(field);
  }
  const { location, offset, length } = external;
  if (location !== undefined) {
    const bytes = length === undefined ? undefined : Number(length);
    return { tensor: { name, type, content: { file: location, offset: Number(offset ?? 0), bytes } }, rest };
  }
  return raw && raw.length >= smallestMoved ? { tensor: { name, type, content: raw }, rest } : undefined;
}

function writeExternal(out: BinaryWriter, file: string, { offset, bytes }: { offset: number; bytes: number }): void {
  for (const [key, value] of Object.entries({ location: file, offset: String(offset), length: String(bytes) })) {
    out.tag(tensorFields.external, WireType.LengthDelimited).fork();
    out.tag(1, WireType.LengthDelimited).string(key);
    out.tag(2, WireType.LengthDelimited).string(value);
    out.join();
  }
  out.tag(tensorFields.location, WireType.Varint).int32(1);
}

/** ValueInfoProto: name, then type > tensor type > element type and shape > dimensions, of which field 1 is a number. */
function readValue(bytes: Uint8Array): ForeignValue {
  let name = '';
  let type = 0;
  let shape: (number | undefined)[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(field);
    if (field.number !== 2) continue;
    for (const kind of fieldsOf(field.content))
      for (const part of kind.number === 1 ? fieldsOf(kind.content) : []) {
        if (part.number === 1) type = integerOf(part);
        else if (part.number === 2) shape = [...fieldsOf(part.content)].map(({ content }) => sizeOf(content));
      }
  }
  return { name, type, shape };
}

function sizeOf(dimension: Uint8Array): number | undefined {
  for (const field of fieldsOf(dimension)) if (field.number === 1) return integerOf(field);
  return undefined;
}
