export { arraysToFile, fileToArrays, type NamedArray, type NamedArrays } from './arrays.js';
export { batchesToFile, fileBatches, type RowBatch } from './batches.js';
export { type Column, columnsToFile, fileToColumns, type ReadColumn, type ReadColumns } from './columns.js';
export {
  type EmbeddingColumns,
  type Embeddings,
  embeddingColumnsToFile,
  embeddingsToFile,
  fileToEmbeddings,
  locateEmbeddings,
} from './embeddings.js';
export { type KeyedTokens, type TokenLists, tokensToFile } from './tokens.js';
