export { arraysToFile, fileToArrays, type NamedArrays } from './arrays.js';
