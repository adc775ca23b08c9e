/**
 * Means of the last hidden states by a plain ONNX export, in padded batches of 32 texts sorted by length: by transformers.js
 * where Node finds it (NODE_PATH), or by onnxruntime-node with its own defaults. Reads {folder, texts: [[ids]], threads,
 * runtime} on standard input, prints what embed_torch.py prints, without a first vector. Ends with 3 where it is missing.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { folder, texts, threads, runtime } = JSON.parse(Buffer.concat(chunks).toString());
const require = createRequire(import.meta.url);
const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };

async function load() {
  try {
    if (runtime === 'onnxruntime') {
      const { InferenceSession, Tensor } = require('onnxruntime-node');
      const session = await InferenceSession.create(`${folder}/onnx/model.onnx`, options);
      const { version } = require('onnxruntime-node/package.json');
      return { note: `onnxruntime-node ${version}, plain export`, Tensor, run: (feeds) => session.run(feeds) };
    }
    const { AutoModel, env, Tensor } = await import(pathToFileURL(require.resolve('@huggingface/transformers')).href);
    env.allowRemoteModels = false;
    const model = await AutoModel.from_pretrained(folder, {
      dtype: 'fp32',
      session_options: options,
      local_files_only: true,
    });
    return { note: `transformers.js ${env.version} float32`, Tensor, run: (feeds) => model(feeds) };
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(3);
  }
}

const { note, Tensor, run } = await load();

async function embed(part) {
  const sorted = [...part].sort((a, b) => a.length - b.length);
  const means = [];
  for (let from = 0; from < sorted.length; from += 32) {
    const batch = sorted.slice(from, from + 32);
    const tokens = batch.at(-1).length;
    const ids = new BigInt64Array(batch.length * tokens);
    const mask = new BigInt64Array(batch.length * tokens);
    batch.forEach((text, row) => {
      text.forEach((id, t) => {
        ids[row * tokens + t] = BigInt(id);
        mask[row * tokens + t] = 1n;
      });
    });
    const dims = [batch.length, tokens];
    const { last_hidden_state: state } = await run({
      input_ids: new Tensor('int64', ids, dims),
      attention_mask: new Tensor('int64', mask, dims),
    });
    const width = state.dims[2];
    batch.forEach((text, row) => {
      const mean = new Float32Array(width);
      for (let t = 0; t < text.length; t++)
        for (let j = 0; j < width; j++) mean[j] += state.data[(row * tokens + t) * width + j] / text.length;
      means.push(mean);
    });
  }
  return means;
}

await embed(texts.slice(0, 4));
const used = process.cpuUsage();
const start = performance.now();
await embed(texts);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(used);
const cpuSeconds = (user + system) / 1e6;
const tokens = texts.reduce((sum, { length }) => sum + length, 0);
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds, cpuSeconds, tokens, peakMegabytes, note }));
