import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ColeError } from '#cole/base/index.js';
import { openGguf } from '#cole/lm/formats/gguf.js';
import { decode, halfToFloat, tensorTypes } from '#cole/lm/formats/quantized.js';
import { openSafetensors } from '#cole/lm/formats/safetensors.js';
import { openWeightFiles } from '#cole/lm/formats/shards.js';
import { random } from './tiny.js';
import { gguf, safetensors } from './weight-files.js';

const folder = mkdtempSync(join(tmpdir(), 'cole-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Reads everything that a damaged file still claims to hold: values or a ColeError, never anything else. */
async function readAll(open: typeof openSafetensors, path: string): Promise<void> {
  try {
    const source = await open(path);
    try {
      for (const name of source.names) {
        const values = await source.read(name);
        expect(values.length).toBe(source.shape(name).reduce((a, b) => a * b, 1));
      }
    } finally {
      await source.close();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ColeError);
    expect((error as ColeError).message).toContain(path);
  }
}

const tensors = { a: random(3, 4), b: random(5), scalar: random() };

describe('safetensors', () => {
  it('reads what was written', async () => {
    const source = await openSafetensors(file('good.safetensors', safetensors(tensors)));
    expect([...source.names]).toEqual(['a', 'b', 'scalar']);
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(source.shape(name)).toEqual(shape);
      expect(await source.read(name)).toEqual(data);
    }
    expect(() => source.shape('c')).toThrow(/expected tensor c/);
    await source.close();
  });

  it('refuses headers that lie', async () => {
    const path = join(folder, 'lie.safetensors');
    const write = (header: unknown, tail = 16) => {
      const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(json.length));
      writeFileSync(path, Buffer.concat([length, json, Buffer.alloc(tail)]));
    };
    const tensor = { dtype: 'F32', shape: [4], data_offsets: [0, 16] };
    const cases: [unknown, RegExp][] = [
      ['{', /not JSON/],
      [[], /not an object/],
      [{ t: null }, /tensor t/],
      [{ t: { ...tensor, data_offsets: [0, 20] } }, /past the end/],
      [{ t: { ...tensor, data_offsets: [16, 0] } }, /past the end/],
      [{ t: { ...tensor, shape: [3] } }, /16 bytes for tensor t/],
      [{ t: { ...tensor, shape: [-4] } }, /tensor t/],
      [{ t: { ...tensor, shape: [2 ** 40, 2 ** 40] } }, /tensor t/],
      [{ t: { ...tensor, dtype: 'F8' } }, /got F8/],
    ];
    for (const [header, message] of cases) {
      write(header);
      await expect(openSafetensors(path)).rejects.toThrow(message);
    }
    write({ t: tensor });
    await (await openSafetensors(path)).close();
  });

  it('answers any damage with an error that names the file', async () => {
    const good = safetensors(tensors);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length), fc.nat(good.length - 1), fc.nat(255), async (end, at, value) => {
        const bytes = Uint8Array.from(good);
        bytes[at] = value;
        await readAll(openSafetensors, file('damaged.safetensors', bytes.subarray(0, end || good.length)));
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), (bytes) =>
        readAll(openSafetensors, file('noise.safetensors', bytes)),
      ),
      { numRuns: 100 },
    );
  });
});

describe('sharded safetensors', () => {
  const write = (name: string, content: Uint8Array | string) => {
    mkdirSync(join(folder, 'sharded'), { recursive: true });
    writeFileSync(join(folder, 'sharded', name), content);
  };
  const index = (map: object) => write('model.safetensors.index.json', JSON.stringify({ weight_map: map }));

  it('are read as one', async () => {
    const { a, b, scalar } = tensors;
    write('1.safetensors', safetensors({ a, b }));
    write('2.safetensors', safetensors({ scalar }));
    index({ a: '1.safetensors', b: '1.safetensors', scalar: '2.safetensors' });
    const { tensors: source, paths } = await openWeightFiles(join(folder, 'sharded'));
    expect(paths.length).toBe(2);
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(source.shape(name)).toEqual(shape);
      expect(await source.read(name)).toEqual(data);
    }
    expect(() => source.shape('c')).toThrow(/expected tensor c/);
    await source.close();
  });

  it('are refused where the index lies or leads elsewhere', async () => {
    const open = () => openWeightFiles(join(folder, 'sharded'));
    index({ a: '../1.safetensors' });
    await expect(open()).rejects.toThrow(/safetensors file for a .* got \.\.\/1/);
    index({ a: '3.safetensors' });
    await expect(open()).rejects.toThrow(/3\.safetensors, which .* names, got no such file/);
    write('model.safetensors.index.json', '{"weight_map": 3}');
    await expect(open()).rejects.toThrow(/weight_map/);
    write('model.safetensors.index.json', '{');
    await expect(open()).rejects.toThrow(/expected JSON/);
    await expect(openWeightFiles(folder)).rejects.toThrow(/model\.safetensors or .* got neither/);
  });
});

describe('GGUF', () => {
  const good = gguf({ 'general.architecture': 'llama', 'a.b': { float: 0.5 }, 'a.c': ['x', 'y'] }, tensors);

  it('reads what was written', async () => {
    const source = await openGguf(file('good.gguf', good));
    expect(source.metadata).toMatchObject({ 'general.architecture': 'llama', 'a.b': 0.5, 'a.c': ['x', 'y'] });
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(source.shape(name)).toEqual(shape);
      expect(await source.read(name)).toEqual(data);
    }
    await source.close();
  });

  it('names the file that was cut short, wherever', async () => {
    for (let end = 0; end < good.length; end += 7) {
      const path = file('cut.gguf', good.subarray(0, end));
      await readAll(openGguf, path);
    }
    await expect(openGguf(file('cut.gguf', good.subarray(0, good.length - 40)))).rejects.toThrow(/cut short/);
    await expect(openGguf(join(folder, 'absent.gguf'))).rejects.toThrow(/absent\.gguf is not there/);
  });

  it('may lie in several files', async () => {
    const names = Object.keys(tensors);
    const part = (at: number, of: number) => {
      const own = Object.entries(tensors).filter((_, index) => index % of === at);
      const about = at === 0 ? { 'general.architecture': 'llama' } : {};
      return gguf({ ...about, 'split.no': at, 'split.count': of }, Object.fromEntries(own));
    };
    const [first, second] = ['x-00001-of-00002.gguf', 'x-00002-of-00002.gguf'] as const;
    const path = file(first, part(0, 2));
    await expect(openGguf(path)).rejects.toThrow(/x-00002-of-00002\.gguf is not there/);
    file(second, part(1, 2));
    const source = await openGguf(path);
    expect([...source.names].sort()).toEqual(names.toSorted());
    expect(source.metadata['general.architecture']).toBe('llama');
    for (const [name, { data }] of Object.entries(tensors)) expect(await source.read(name)).toEqual(data);
    await source.close();
    await expect(openGguf(join(folder, second))).rejects.toThrow(/expected the first part .*x-00001-of-00002/);
    // A part under the name of another, and one alone.
    file(second, part(0, 2));
    await expect(openGguf(path)).rejects.toThrow(/expected part 2 of 2 in .*x-00002.*, got part 1 of 2/);
    await expect(openGguf(file('renamed.gguf', part(0, 2)))).rejects.toThrow(/expected part 1 of 1 .* of 2/);
  });
});

describe('tensor types', () => {
  interface Type {
    readonly type: number;
    readonly blocks: string;
    readonly values: string;
  }
  const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden-gguf.json'), 'utf8')) as Record<
    string,
    Type
  >;
  const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

  it.each(Object.entries(golden))('decode %s to the values of the reference', (name, { type, blocks, values }) => {
    const expected = new Float32Array(bytesOf(values).buffer);
    const out = new Float32Array(expected.length);
    expect(tensorTypes[type]!.name).toBe(name);
    decode(tensorTypes[type]!, new DataView(bytesOf(blocks).buffer), out);
    // Signs of zeros aside.
    expect(out.map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
  });

  it('include all that the reference was asked for', () => {
    expect(
      Object.values(tensorTypes)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['F32', ...Object.keys(golden)].sort());
  });

  it('decode half floats', () => {
    expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555].map(halfToFloat)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      0.333251953125,
    ]);
    expect([0x7c00, 0xfc00, 0x7e00].map(halfToFloat)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });
});
