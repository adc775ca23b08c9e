/**
 * Peak memory over a long run: varied texts (1 to `--lines` statements, short ones more often), every one distinct, through
 * one embedder with a cache on disk, `--call` texts a call. The peak after the first call is what the last one is compared
 * with. Other threads than the language model's, the tokenizer's and the cache's take no part.
 *
 *   node dist/bench/soak.js [--model all-minilm-l6-v2] [--texts 100000] [--call 1000] [--lines 8] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Rng, stream } from '#cole/base/index.js';
import { createEmbedder } from '#cole/lm/index.js';
import { parseFlags } from './parts/flags.js';

const flags = parseFlags({
  model: { type: 'string', default: 'all-minilm-l6-v2' },
  pooling: { type: 'string', default: 'avg_avg' },
  texts: { type: 'string', default: '100000' },
  call: { type: 'string', default: '1000' },
  lines: { type: 'string', default: '8' },
  threads: { type: 'string', default: String(availableParallelism()) },
  json: { type: 'boolean', default: false },
});
const texts = Number(flags.texts);
const call = Number(flags.call);
const lines = Number(flags.lines);

const layers = ['Conv2d', 'AvgPool2d', 'BatchNorm2d', 'Linear', 'MaxPool2d', 'Dropout', 'LayerNorm', 'Identity'];

function textOf(index: number, rng: Rng): string {
  const count = Math.floor((lines + 1) ** rng.float());
  const statement = (line: number) =>
    `x${line} = nn.${rng.pick(layers)}(${rng.int(512)}, ${rng.int(512)})(x${rng.int(line + 1)})`;
  return [`# ${index}`, ...Array.from({ length: count }, (_, line) => statement(line))].join('\n');
}

const megabytes = () => process.resourceUsage().maxRSS / 1024;
const cache = mkdtempSync(join(tmpdir(), 'cole-soak-'));
try {
  const embedder = await createEmbedder({
    model: flags.model,
    pooling: flags.pooling as 'avg_avg',
    threads: Number(flags.threads),
    cache,
  });
  const rng = stream('bench', 'soak');
  const start = performance.now();
  const peaks: { texts: number; peakMegabytes: number }[] = [];
  for (let done = 0; done < texts; ) {
    const size = Math.min(call, texts - done);
    const input = Array.from({ length: size }, (_, i) => textOf(done + i, rng));
    await embedder.embed(input);
    done += size;
    const isTenth = Math.floor((10 * done) / texts) > Math.floor((10 * (done - size)) / texts);
    if (done > size && !isTenth) continue;
    peaks.push({ texts: done, peakMegabytes: megabytes() });
    if (!flags.json) console.log(`${String(done).padStart(8)} texts  peak ${megabytes().toFixed(0)} MB`);
  }
  const { tokens, computed } = embedder.stats;
  const seconds = (performance.now() - start) / 1000;
  await embedder.close();
  const ratio = peaks.at(-1)!.peakMegabytes / peaks[0]!.peakMegabytes;
  if (flags.json)
    console.log(
      JSON.stringify({ stage: 'soak', model: flags.model, texts, call, tokens, computed, seconds, peaks, ratio }),
    );
  else
    console.log(
      `${flags.model}: ${tokens} tokens (${computed} computed) at ${(tokens / seconds).toFixed(0)} tokens/s; peak ${ratio.toFixed(2)} times that of the first ${call} texts`,
    );
} finally {
  rmSync(cache, { recursive: true });
}
