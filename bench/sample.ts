/**
 * Architectures a second on one thread: drawing, following shapes, keys, strings, texts, mutation. Rates are medians over
 * rounds of processor time, so that other work on the machine counts little.
 *
 *   node dist/bench/sample.js --spaces 'einspace,einspace:1x8x8'
 */
import { stream } from '#cole/base/index.js';
import { renderer, styles } from '#cole/code/index.js';
import { type Network, space as spaceNamed, traceOf } from '#cole/spaces/index.js';
import { parseFlags } from './parts/flags.js';

const unlimited = 'maxNodes=1000000000000,maxParameters=1000000000000000,maxElements=1000000000000000';
const flags = parseFlags({
  // The first has no limit but that of depth: the distribution that the literature gives figures for.
  spaces: { type: 'string', default: `einspace:${unlimited};einspace;einspace:1x8x8` },
  count: { type: 'string', default: '20000' },
  rounds: { type: 'string', default: '7' },
  json: { type: 'boolean', default: false },
});
const count = Number(flags.count);
const rounds = Number(flags.rounds);

/** Median and median absolute deviation of `count` calls' rate. */
function rate(round: (seed: number) => void): { median: number; deviation: number } {
  round(-1);
  const rates = Array.from({ length: rounds }, (_, seed) => {
    const before = process.cpuUsage().user;
    round(seed);
    return (1e6 * count) / (process.cpuUsage().user - before);
  });
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const median = middle(rates);
  return { median, deviation: middle(rates.map((each) => Math.abs(each - median))) };
}

for (const name of flags.spaces.split(';')) {
  const space = spaceNamed(name);
  const rejected: Record<string, number> = {};
  const draw = (seed: number): unknown[] => {
    const rng = stream('sample bench', seed);
    return Array.from({ length: count }, () =>
      space.sample(rng, (reason) => {
        rejected[reason] = (rejected[reason] ?? 0) + 1;
      }),
    );
  };
  const sampled = rate(draw);
  const draws = count * (rounds + 1) + Object.values(rejected).reduce((sum, each) => sum + each, 0);
  const archs = draw(0);
  const printed = archs.map(space.print);
  const rng = stream('mutate bench');
  const each = (use: (arch: unknown, at: number) => unknown) =>
    rate(() => {
      archs.forEach((arch, at) => {
        use(arch, at);
      });
    });
  const rates: Record<string, { median: number; deviation: number }> = {
    sample: sampled,
    ...(name.startsWith('einspace') ? { shapes: each((arch) => traceOf(arch as Network)) } : {}),
    key: each(space.key),
    canonicalKey: each(space.canonicalKey),
    print: each(space.print),
    parse: each((_, at) => space.parse(printed[at]!)),
    mutate: each((arch) => space.mutate(arch, rng)),
    ...Object.fromEntries(styles(name).map((style) => [style, each(renderer(name, style).render)])),
  };
  const shares = Object.fromEntries(Object.entries(rejected).map(([reason, n]) => [reason, n / draws]));
  if (flags.json) console.log(JSON.stringify({ space: name, count, rounds, rejected: shares, rates }));
  else {
    console.log(`${name}; rejected: ${JSON.stringify(shares)}`);
    for (const [what, { median, deviation }] of Object.entries(rates))
      console.log(`  ${what.padEnd(22)} ${Math.round(median)}/s +- ${Math.round(deviation)}`);
  }
}
