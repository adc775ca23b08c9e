/**
 * Byte-level vocabularies write every byte as one letter (GPT-2's alphabet): the printable characters of Latin-1 stand
 * for themselves, the other bytes for the letters from U+0100 on.
 */
const byteOfLetter = new Map<string, number>();
let spare = 0x100;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  byteOfLetter.set(String.fromCharCode(printable ? byte : spare++), byte);
}

/** Writes the bytes of a token at `at` and returns where they end; `at` itself when the token holds any other character. */
export function writeLetters(token: string, out: Uint8Array, at: number): number {
  let end = at;
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfLetter.get(token[i] as string);
    if (byte === undefined) return at;
    out[end++] = byte;
  }
  return end;
}

const encoder = new TextEncoder();

/** The bytes of a token; one that holds any other character is its own UTF-8. */
export function letterBytes(token: string): number[] {
  const bytes = Array.from(token, (letter) => byteOfLetter.get(letter));
  return bytes.every((byte) => byte !== undefined) ? bytes : [...encoder.encode(token)];
}

/** Whether every byte is a token of its own. */
export function hasAllBytes(vocabulary: readonly (string | undefined)[]): boolean {
  const tokens = new Set(vocabulary);
  return [...byteOfLetter.keys()].every((letter) => tokens.has(letter));
}
