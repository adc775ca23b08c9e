/**
 * Developer's tool: random Unicode, and the files of folders, through a tokenizer.json here and in Hugging Face's Python
 * package. Ends with 1 where any id differs.
 *   COLE_PYTHON=python3 node dist/bench/tokenizer-fuzz.js --texts 20000 --seed 0 --files /usr/lib/python3.11 a/tokenizer.json ...
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stream } from '#cole/base/index.js';
import { loadTokenizer } from '#cole/lm/index.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    texts: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '0' },
    files: { type: 'string', multiple: true, default: [] },
  },
});

/** Blocks in which scripts, marks, widths and planes differ. */
const blocks = [
  [0x20, 0x7e],
  [0, 0xa0],
  [0x80, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x5ff],
  [0x600, 0xdff],
  [0xe00, 0x10ff],
  [0x1100, 0x11ff],
  [0x2000, 0x206f],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xfb00, 0xffef],
  [0x10000, 0x1ffff],
  [0x20000, 0x20100],
] as const;
/** What patterns and normalizers look for. */
const fragments = [
  ...[
    ' ',
    '  ',
    '    ',
    '\n',
    '\n\n',
    '\r\n',
    '\t',
    '▁',
    "'s",
    "'LL",
    'ſ',
    "don't",
    '123',
    '4567',
    '<s>',
    '</s>',
    '[MASK]',
  ],
  ...[
    '<|endoftext|>',
    'İ',
    'ß',
    'e\u0301',
    '\u1112\u1161\u11ab',
    '…',
    'ﬁ',
    '²',
    '½',
    '\u00a0',
    '\u2028',
    '\u200b',
    '\ufeff',
  ],
];

const rng = stream(Number(flags.seed), 'tokenizer-fuzz');
function randomText(): string {
  const parts = Array.from({ length: rng.int(14) }, () => {
    if (rng.int(2) === 0) return rng.pick(fragments);
    const [first, last] = rng.pick(blocks);
    const code = first + rng.int(last - first + 1);
    return code >= 0xd800 && code < 0xe000 ? '' : String.fromCodePoint(code);
  });
  return parts.join('');
}

const texts = [
  ...flags.files.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isFile() && entry.name.endsWith('.py') ? [readFileSync(join(folder, entry.name), 'utf8')] : [],
    ),
  ),
  ...Array.from({ length: Number(flags.texts) }, randomText),
];

for (const path of positionals) {
  const tokenizer = loadTokenizer({ json: readFileSync(path) });
  const peer = fileURLToPath(new URL('../../bench/peers/tokenize_ids.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.env.COLE_PYTHON ?? 'python3', [peer, path], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(stderr);
  const expected = JSON.parse(stdout) as number[][];
  const { ids, offsets } = tokenizer.encode(texts, { threads: 2 });
  const wrong = texts.filter(
    (_, i) => JSON.stringify([...ids.subarray(offsets[i], offsets[i + 1])]) !== JSON.stringify(expected[i]),
  );
  for (const text of wrong.slice(0, 3)) console.log(`differs: ${JSON.stringify(text.slice(0, 100))}`);
  console.log(`${path}: ${texts.length} texts, ${ids.length} ids, ${wrong.length} differ`);
  if (wrong.length > 0) process.exitCode = 1;
}
