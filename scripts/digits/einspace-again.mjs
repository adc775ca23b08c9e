// Trains a random sample of data/einspace-digits.arrow once more with other seeds, through the command objective.
//   node scripts/digits/einspace-again.mjs COMMAND OUT FOLDER [--first N]
// COMMAND serves (examples/digits/train.py --serve). OUT gets a JSON line for each; it may be killed and started again.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seedOf } from '../../dist/base/index.js';
import { renderer } from '../../dist/code/index.js';
import { CommandObjective, commandDefaults, openTable } from '../../dist/objectives/index.js';
import { space as spaceOf } from '../../dist/spaces/index.js';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    first: { type: 'string', default: '300' },
    table: { type: 'string', default: 'data/einspace-digits.arrow' },
  },
});
const [command, out, folder] = positionals;
const name = 'einspace:1x8x8';
const space = spaceOf(name);
const { render } = renderer(name, 'flat+head');
const { archs } = await openTable(flags.table, space);
const digest = (text) => createHash('sha256').update(text).digest('hex');
// An order that has nothing to do with how the networks were found.
const sample = archs.toSorted((a, b) => (digest(a) < digest(b) ? -1 : 1)).slice(0, Number(flags.first));
const done = new Set(
  existsSync(out)
    ? readFileSync(out, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).arch)
    : [],
);
const objective = new CommandObjective({ ...commandDefaults, command, serve: true }, folder, 'val_accuracy');
try {
  for (const arch of sample.filter((each) => !done.has(each))) {
    const network = space.parse(arch);
    const seed = seedOf('again', arch);
    const code = `import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n${render(network)}\n`;
    const training = { name: digest(arch).slice(0, 16), arch, key: space.key(network), seed, code };
    const { outcome } = await objective.train(training);
    appendFileSync(out, `${JSON.stringify({ arch, seed, outcome })}\n`);
  }
} finally {
  await objective.close();
}
