// Writes test/tokenizer/golden/nas-bench-201.json: what the Python package `tokenizers` makes of every cell of NAS-Bench-201
// in every form of text, as hashes. Developer's tool: COLE_PYTHON=python3 node scripts/tokenizer-golden.mjs (after npm run build)
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tokenizerJson } from '../dist/bench/parts/tokenizer-json.js';
import { renderer, styles } from '../dist/code/index.js';
import { cellOf } from '../dist/spaces/index.js';

const python = process.env.COLE_PYTHON ?? 'python3';
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const golden = {};
for (const model of ['smollm2-135m', 'all-minilm-l6-v2'])
  for (const style of [...styles('nas-bench-201'), 'arch']) {
    const { identity, render } = renderer('nas-bench-201', style);
    const texts = Array.from({ length: 15625 }, (_, index) => render(cellOf(index)));
    const { status, stdout, stderr } = spawnSync(python, [file('../bench/peers/tokenize_hf.py')], {
      encoding: 'utf8',
      input: JSON.stringify({ tokenizer: tokenizerJson(model), texts, repeats: 0 }),
    });
    if (status !== 0) throw new Error(stderr);
    const { tokens, idsSha256, countsSha256 } = JSON.parse(stdout);
    golden[model] = { ...golden[model], [identity]: { tokens, idsSha256, countsSha256 } };
    console.log(model, identity, tokens);
  }
writeFileSync(file('../test/tokenizer/golden/nas-bench-201.json'), `${JSON.stringify(golden, null, 2)}\n`);
