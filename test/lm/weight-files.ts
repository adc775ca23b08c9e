/** Writers of the two weight formats, apart from the readers under test. */

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function safetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const parts = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, json, ...parts]);
}

type MetadataValue = number | string | { readonly float: number } | readonly string[] | readonly number[];

export function gguf(
  metadata: Readonly<Record<string, MetadataValue>>,
  tensors: Readonly<Record<string, Tensor>>,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const u32 = (value: number) => parts.push(Buffer.from(Uint32Array.of(value).buffer));
  const u64 = (value: number) => parts.push(Buffer.from(BigUint64Array.of(BigInt(value)).buffer));
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    u64(bytes.length);
    parts.push(bytes);
  };
  parts.push(Buffer.from('GGUF'));
  u32(3);
  u64(Object.keys(tensors).length);
  u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    text(key);
    if (typeof value === 'number') {
      u32(4);
      u32(value);
    } else if (typeof value === 'string') {
      u32(8);
      text(value);
    } else if ('float' in value) {
      u32(6);
      parts.push(Buffer.from(Float32Array.of(value.float).buffer));
    } else {
      u32(9);
      u32(typeof value[0] === 'string' ? 8 : 4);
      u64(value.length);
      for (const item of value) typeof item === 'string' ? text(item) : u32(item);
    }
  }
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    text(name);
    u32(shape.length);
    for (const size of [...shape].reverse()) u64(size);
    u32(0);
    u64(offset);
    offset += data.byteLength + (-data.byteLength & 31);
  }
  const header = Buffer.concat(parts);
  const padded = Object.values(tensors).flatMap(({ data }) => [
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    new Uint8Array(-data.byteLength & 31),
  ]);
  return Buffer.concat([header, new Uint8Array(-header.length & 31), ...padded]);
}
