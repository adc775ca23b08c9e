/** Runs a model on token ids, from its description and weights to its poolings, without a tokenizer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { planBatches, wholeTexts } from '#cole/lm/batches.js';
import { families } from '#cole/lm/families/config.js';
import type { ModelConfig } from '#cole/lm/families/model.js';
import type { TensorSource } from '#cole/lm/formats/source.js';
import { planPrefixBatches } from '#cole/lm/prefixes.js';
import { convertWeights, graphBytes } from '#cole/lm/store/convert.js';

export interface Runner {
  /** Vectors of each text by pooling; `limit`: tokens a batch. */
  run(texts: readonly (readonly number[])[], limit: number): Promise<Record<string, Float32Array>[]>;
  close(): Promise<void>;
}

export async function openRunner(
  config: ModelConfig,
  source: TensorSource,
  outputs: readonly string[],
  folder: string,
  embeddingLayer = true,
): Promise<Runner> {
  mkdirSync(folder, { recursive: true });
  const { table } = await convertWeights(config, source, folder);
  const path = join(folder, 'graph.onnx');
  writeFileSync(path, graphBytes(config, table, { outputs, embeddingLayer }));
  return runnerOf(config, path);
}

/** Of the graph at `path`. */
export async function runnerOf(config: ModelConfig, path: string): Promise<Runner> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const plan = families[config.family]!.sharesPrefixes ? planPrefixBatches : planBatches;
  return {
    async run(texts, limit) {
      const offsets = [0];
      for (const text of texts) offsets.push(offsets.at(-1)! + text.length);
      const encoded = { ids: Int32Array.from(texts.flat()), offsets: Int32Array.from(offsets) };
      const out: Record<string, Float32Array>[] = texts.map(() => ({}));
      for (const batch of plan(wholeTexts(encoded), limit)) {
        const feeds = Object.entries(batch.feeds()).map(([name, { type, data, dims }]) => [
          name,
          new Tensor(type, data, dims),
        ]);
        for (const [name, tensor] of Object.entries(await session.run(Object.fromEntries(feeds)))) {
          const width = tensor.dims.slice(1).reduce((a, b) => a * b, 1);
          batch.texts.forEach((text, row) => {
            out[text]![name] = (tensor.data as Float32Array).slice(row * width, (row + 1) * width);
          });
        }
      }
      return out;
    },
    close: () => session.release(),
  };
}

/** Relative distance of two vectors. */
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (got[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
