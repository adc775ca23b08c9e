/**
 * Three statements of the boundary must agree: contract.ts, the signature comments above the C++ bindings, and the keys of
 * the loaded addon.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { native } from '#cole/native/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Signatures without line breaks, comments and trailing commas. */
function flat(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/\( /g, '(')
    .replace(/, \)/g, ')')
    .trim();
}

function contract(): { functions: string[]; classes: string[] } {
  const source = readFileSync(join(root, 'src', 'native', 'contract.ts'), 'utf8');
  const body = /export interface NativeAddon \{\n([\s\S]*?)\n\}/.exec(source)![1]!;
  const members = flat(body)
    .split(';')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const classes = members.filter((member) => member.startsWith('readonly '));
  return {
    functions: members.filter((member) => !member.startsWith('readonly ')),
    classes: classes.map((member) => /readonly (\w+): new /.exec(member)![1]!),
  };
}

function signatureComments(): string[] {
  const folder = join(root, 'native', 'bindings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpp'))
    .flatMap((name) => {
      const source = readFileSync(join(folder, name), 'utf8');
      return [...source.matchAll(/^\/\/ (\w+\(.*\): .+)\n(?:static )?Napi::Value \w+\(const Napi::CallbackInfo/gm)];
    })
    .map((match) => flat(match[1]!));
}

describe('the boundary', () => {
  const { functions, classes } = contract();

  it('is read at all', () => {
    expect(functions.map((signature) => signature.split('(')[0])).toEqual(
      expect.arrayContaining(['info', 'gemm', 'fitPca', 'project', 'trainMlp', 'predictMlp', 'poolTokens']),
    );
  });

  it('has the same signatures in contract.ts and above the bindings', () => {
    const comments = signatureComments();
    for (const signature of functions) expect(comments).toContain(signature);
  });

  it('has the names of the loaded addon', () => {
    const names = [...functions.map((signature) => signature.split('(')[0]!), ...classes];
    expect(Object.keys(native()).sort()).toEqual(names.sort());
  });

  it('runs on the instruction set that is asked for', () => {
    const { isa, supported } = native().info();
    expect(supported).toContain(isa);
    if (process.env.COLE_ISA) expect(isa).toBe(process.env.COLE_ISA);
  });
});
