/** `cole sample`: random architectures of a space, as JSON lines or as an Arrow file. */
import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { ColeError, stream } from '../../base/index.js';
import type { Space } from '../../index.js';
import { integer } from '../arguments.js';
import { contextOf, examples } from '../context.js';
import { writeOutPieces } from '../files.js';
import { log, printJson } from '../output.js';

/** Draws in a row that bring nothing new before a space is taken to be exhausted. */
const patience = 100_000;

/** Rows of a record batch. */
const batch = 8192;

export function addSample(program: CommandUnknownOpts): void {
  program
    .command('sample')
    .description('random architectures of a space')
    .addHelpText(
      'before',
      examples(
        'cole sample -n 5',
        'cole sample -n 1000 --unique > archs.jsonl',
        'cole sample --space einspace:1x8x8,maxParameters=200000 -n 1000000 --out archs.arrow',
      ),
    )
    .option('--space <name>', 'search space, with its settings and limits, such as einspace:1x8x8', 'nas-bench-201')
    .option('-n, --count <n>', 'how many', integer(1), 1)
    .addOption(
      new Option('--all', 'every architecture of the space in a fixed order, not a sample').conflicts([
        'count',
        'unique',
      ]),
    )
    .addOption(
      new Option('--unique [by]', 'no two with the same key (default), or no two isomorphic ones')
        .choices(['key', 'canonical'])
        .preset('key'),
    )
    .option('--out <file>', 'Arrow file to write instead of JSON lines, - for standard output')
    .action(async (options, command) => {
      const { space } = await import('../../index.js');
      const chosen = space(options.space);
      const { all, count, unique, out } = options;
      const { json, seed } = contextOf(command);
      if (all && !chosen.enumerate)
        throw new ColeError('ERR_OPTION', `expected a space that can be listed for --all, got ${chosen.name}`);
      const rejected = new Map<string, number>();
      const archs = all ? chosen.enumerate!() : draws(chosen, count, seed, options.space, unique, rejected);
      const rows = rowsOf(chosen, archs);
      if (out === undefined) for (const row of rows) await printJson(row);
      else {
        const written = await writeRows(rows, out);
        if (out !== '-' && json) await printJson({ archs: out, rows: written });
        else if (out !== '-') log.info(`${written} architectures are in ${out}`);
      }
      for (const [reason, count] of rejected) log.info(`${count} draws passed the limit of ${reason}`);
    });
}

interface Row {
  readonly key: string;
  readonly arch: string;
  readonly canonicalKey: string;
}

function* rowsOf(space: Space<unknown>, archs: Iterable<unknown>): Generator<Row> {
  for (const arch of archs)
    yield { key: space.key(arch), arch: space.print(arch), canonicalKey: space.canonicalKey(arch) };
}

function* draws(
  space: Space<unknown>,
  count: number,
  seed: number,
  name: string,
  unique: string | true | undefined,
  rejected: Map<string, number>,
): Generator<unknown> {
  const rng = stream('sample', name, seed);
  const onRejection = (reason: string) => void rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
  const seen = new Set<string>();
  for (let n = 0, misses = 0; n < count; ) {
    const arch = space.sample(rng, onRejection);
    if (unique) {
      const identity = unique === 'canonical' ? space.canonicalKey(arch) : space.key(arch);
      if (seen.has(identity)) {
        if (++misses < patience) continue;
        throw new ColeError(
          'ERR_OPTION',
          `expected ${count} architectures with different ${unique === 'canonical' ? 'canonicalKey' : 'key'} from ${space.name}, which seems to have only ${seen.size}`,
        );
      }
      seen.add(identity);
    }
    misses = 0;
    n++;
    yield arch;
  }
}

async function writeRows(rows: Iterable<Row>, out: string): Promise<number> {
  const { batchesToFile } = await import('../../index.js');
  let written = 0;
  const batches = function* () {
    for (const part of parts(rows)) {
      written += part.length;
      yield {
        key: part.map(({ key }) => key),
        arch: part.map(({ arch }) => arch),
        canonicalKey: part.map(({ canonicalKey }) => canonicalKey),
      };
    }
  };
  await writeOutPieces(out, batchesToFile(batches()));
  return written;
}

function* parts(rows: Iterable<Row>): Generator<Row[]> {
  let part: Row[] = [];
  for (const row of rows) {
    part.push(row);
    if (part.length < batch) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
