export { arraysToFile, fileToArrays, type NamedArrays } from './arrays.js';
export { type Embeddings, embeddingsToFile, fileToEmbeddings } from './embeddings.js';
