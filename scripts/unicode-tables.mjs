// Writes native/tokenizer/unicode_tables.inc from Node's own ICU: two-stage tables of character properties, canonical
// combining order, canonical decompositions, compositions and lower-case mappings. Hugging Face's tokenizers lag behind
// ICU, so the code points in which their classes differ (scripts/unicode-deviations.json) are overridden.
//   node scripts/unicode-tables.mjs                        writes the tables
//   node scripts/unicode-tables.mjs --compare sets.json    renews the deviations first (see unicode-sets.py)
import { readFileSync, writeFileSync } from 'node:fs';

const file = (name) => new URL(name, import.meta.url);
const last = 0x10ffff;
const scalar = (code) => code < 0xd800 || code > 0xdfff;
const nfd = (text) => [...text.normalize('NFD')].map((c) => c.codePointAt(0));

// Bit of every property; native/tokenizer/unicode.h names the same bits.
const classes = {
  letter: [1, /\p{L}/u],
  number: [2, /\p{N}/u],
  space: [4, /\p{White_Space}/u],
  mark: [8, /\p{M}/u],
  punctuation: [16, /\p{P}/u],
  symbol: [32, /\p{S}/u],
  digit: [64, /\p{N}/u],
  word: [128, /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u],
  // tab, line feed and carriage return are control characters to Unicode but white space to BERT
  bertControl: [256, /(?![\t\n\r])\p{C}/u],
  bertNonspacing: [512, /\p{Mn}/u],
  bertPunctuation: [1024, /[\p{P}!-/:-@[-`{-~]/u],
};

const membership = (holds) =>
  Uint8Array.from({ length: last + 1 }, (_, code) => (scalar(code) && holds(String.fromCodePoint(code), code) ? 1 : 0));
const members = Object.fromEntries(
  Object.entries(classes).map(([name, [, pattern]]) => [name, membership((char) => pattern.test(char))]),
);
// Canonical combining classes are not visible to JavaScript, their order is: a pair is swapped by NFD when the second is
// lower. U+0334 has the lowest class above zero and U+0345 the highest.
const swapped = (a, b) => a !== b && nfd(String.fromCodePoint(a, b))[0] === b;
members.combining = membership(
  (char, code) =>
    /\p{M}/u.test(char) &&
    char.normalize('NFD') === char &&
    (swapped(code, 0x334) || swapped(0x345, code) || code === 0x334 || code === 0x345),
);
members.decomposing = membership((char) => char.normalize('NFD') !== char);
members.compatible = membership((char) => char.normalize('NFKD') !== char);

function ranges(differs) {
  const out = [];
  for (let code = 0; code <= last; code++) {
    if (!differs(code)) continue;
    if (out.length > 0 && out.at(-1)[1] === code - 1) out.at(-1)[1] = code;
    else out.push([code, code]);
  }
  return out;
}

const deviationsFile = file('unicode-deviations.json');
if (process.argv[2] === '--compare') {
  const sets = JSON.parse(readFileSync(process.argv[3], 'utf8'));
  const deviations = { unicode: process.versions.unicode };
  for (const [name, theirRanges] of Object.entries(sets)) {
    const theirs = new Uint8Array(last + 1);
    for (const [from, to] of theirRanges) theirs.fill(1, from, to + 1);
    const ours = members[name];
    deviations[name] = {
      missing: ranges((code) => scalar(code) && ours[code] > theirs[code]),
      extra: ranges((code) => scalar(code) && ours[code] < theirs[code]),
    };
  }
  writeFileSync(deviationsFile, `${JSON.stringify(deviations)}\n`);
}
const deviations = JSON.parse(readFileSync(deviationsFile, 'utf8'));
if (deviations.unicode !== process.versions.unicode) {
  console.error(
    `expected Node with Unicode ${deviations.unicode}, got ${process.versions.unicode}: renew the deviations`,
  );
  process.exit(2);
}
for (const [name, set] of Object.entries(deviations)) {
  for (const [from, to] of set.missing ?? []) members[name].fill(0, from, to + 1);
  for (const [from, to] of set.extra ?? []) members[name].fill(1, from, to + 1);
}

const properties = new Uint16Array(last + 1);
for (const [name, [bit]] of Object.entries(classes))
  for (let code = 0; code <= last; code++) if (members[name][code]) properties[code] |= bit;

const combining = Array.from(members.combining.keys()).filter((code) => members.combining[code]);
combining.sort((a, b) => (swapped(a, b) ? 1 : swapped(b, a) ? -1 : 0));
const order = new Uint8Array(last + 1);
let rank = 0;
combining.forEach((code, i) => {
  if (i === 0 || swapped(code, combining[i - 1])) rank++;
  order[code] = rank;
});

const isHangul = (code) => code >= 0xac00 && code <= 0xd7a3; // decomposed by arithmetic
const pool = [0];
function mapping(map) {
  const index = new Uint16Array(last + 1);
  const known = new Map();
  for (let code = 0; code <= last; code++) {
    if (!scalar(code) || isHangul(code)) continue;
    const text = String.fromCodePoint(code);
    const to = map(text, code);
    if (to === text) continue;
    if (!known.has(to)) {
      known.set(to, pool.length);
      const codes = [...to].map((c) => c.codePointAt(0));
      pool.push(codes.length, ...codes);
    }
    index[code] = known.get(to);
  }
  return index;
}
const decomposition = mapping((text, code) => (members.decomposing[code] ? text.normalize('NFD') : text));
const compatibility = mapping((text, code) => (members.compatible[code] ? text.normalize('NFKD') : text));
const lowercase = mapping((text) => text.toLowerCase());

// General categories; what is no letter, number or mark to Hugging Face's tokenizers is not assigned there.
const categoryNames = 'Cn Cc Cf Co Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs'.split(
  ' ',
);
const categoryTests = categoryNames.map((name) => new RegExp(`\\p{${name}}`, 'u'));
const letterLike = { L: members.letter, M: members.mark, N: members.number };
const category = Uint8Array.from({ length: last + 1 }, (_, code) => {
  if (!scalar(code)) return 0;
  const char = String.fromCodePoint(code);
  const found = categoryTests.findIndex((test) => test.test(char));
  const known = letterLike[categoryNames[found][0]];
  return known && !known[code] ? 0 : found;
});

// Primary composites: pairs of code points that NFC joins.
const compositions = [];
for (let code = 0; code <= last; code++) {
  if (decomposition[code] === 0) continue;
  const parts = nfd(String.fromCodePoint(code));
  if (parts.length < 2) continue;
  const head = [...String.fromCodePoint(...parts.slice(0, -1)).normalize('NFC')].map((c) => c.codePointAt(0));
  if (head.length !== 1) continue;
  const joined = String.fromCodePoint(head[0], parts.at(-1)).normalize('NFC');
  if (joined === String.fromCodePoint(code)) compositions.push([head[0], parts.at(-1), code]);
}
compositions.sort((a, b) => a[0] - b[0] || a[1] - b[1]);

function lines(values) {
  const out = [];
  for (let line = ''; values.length > 0; ) {
    line = '';
    let i = 0;
    while (i < values.length && line.length < 112) line += `${values[i++]},`;
    out.push(line);
    values = values.slice(i);
  }
  return out.join('\n');
}
const array = (type, name, values) => `constexpr ${type} ${name}[] = {\n${lines([...values])}};\n`;
function twoStage(type, name, values) {
  const blocks = [];
  const known = new Map();
  const stage = [];
  for (let from = 0; from <= last; from += 128) {
    const block = values.slice(from, from + 128);
    const key = block.join();
    if (!known.has(key)) {
      known.set(key, known.size);
      blocks.push(...block);
    }
    stage.push(known.get(key));
  }
  return (
    array(known.size > 256 ? 'uint16_t' : 'uint8_t', `${name}_stage`, stage) + array(type, `${name}_blocks`, blocks)
  );
}

const text = `// Written by scripts/unicode-tables.mjs from Unicode ${process.versions.unicode}. Do not edit.
${twoStage('uint16_t', 'property', properties)}${twoStage('uint8_t', 'order', order)}${twoStage('uint16_t', 'decomposition', decomposition)}${twoStage('uint16_t', 'compatibility', compatibility)}${twoStage('uint16_t', 'lowercase', lowercase)}${twoStage('uint8_t', 'category', category)}${`constexpr const char* category_names[] = {\n${lines(categoryNames.map((name) => `"${name}"`))}};\n`}${array('uint32_t', 'pool', pool)}// first, second, composite; sorted
${array('uint32_t', 'composition', compositions.flat())}`;
writeFileSync(file('../native/tokenizer/unicode_tables.inc'), text);
console.log(`${text.length} bytes, ${rank} combining classes, ${compositions.length} compositions`);
