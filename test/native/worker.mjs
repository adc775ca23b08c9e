// Loads the addon in a worker thread and answers with the components of a shared matrix.
import { parentPort, workerData } from 'node:worker_threads';
import { native } from '#cole/native/index.js';

const { shared, rows, cols, endless } = workerData;
do {
  const { components } = native().fitPca(shared, rows, cols, 4, 2);
  parentPort.postMessage(components, [components.buffer]);
} while (endless);
