/**
 * Embeddings without a run of the language model: the mean of the input embeddings of a text's tokens, a gather from the
 * first table of its weights. A thousandth of the cost of a full pass; blind to the order of the tokens.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ColeError, type Matrix } from '../base/index.js';
import { native } from '../native/index.js';
import { openModel } from './store/open.js';
import { isTokens, requireTokens, type Texts } from './tokens.js';

export interface StaticEmbedder {
  readonly identity: string;
  readonly dimension: number;
  /**
   * Rows in the order of `texts`; zeros for a text without tokens. Texts of any length. Throws ERR_INPUT for token ids that
   * are not the model's, with the name of the text.
   */
  embed(texts: Texts, nameOf?: (index: number) => string): Promise<Matrix>;
}

/** Throws ERR_MODEL where the model is not in the store, ERR_DATA where its weights do not match their hash's file. */
export async function createStaticEmbedder(model: string, threads = 1): Promise<StaticEmbedder> {
  const { manifest, tokenizer, weightsPath } = await openModel(model);
  const table = manifest.weights.tensors.embedding;
  const [tokens, dimension] = table?.shape ?? [];
  if (table === undefined || tokens === undefined || dimension === undefined)
    throw new ColeError('ERR_MODEL', `expected a table of token embeddings in model ${model}, got none`);
  const values = new Float32Array(tokens * dimension);
  const file = await open(weightsPath);
  try {
    const { bytesRead } = await file.read(new Uint8Array(values.buffer), 0, values.byteLength, table.offset);
    if (bytesRead !== values.byteLength)
      throw new ColeError(
        'ERR_DATA',
        `expected ${values.byteLength} bytes of embeddings in ${weightsPath}, got ${bytesRead}`,
      );
  } finally {
    await file.close();
  }
  const identity = createHash('sha256')
    .update(JSON.stringify(['static', manifest.weightsSha256, tokenizer.identity]))
    .digest('hex');
  return {
    identity,
    dimension,
    async embed(texts, nameOf = (index) => `text ${index}`) {
      if (isTokens(texts)) requireTokens(tokenizer, texts, nameOf);
      const { ids, offsets } = isTokens(texts) ? texts : tokenizer.encode(texts, { threads });
      const data = native().meanRows(values, dimension, ids, offsets, threads);
      return { rows: offsets.length - 1, cols: dimension, data };
    },
  };
}
