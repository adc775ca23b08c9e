/** onnxruntime-node, loaded when a language model is: those who use no text features need not have it. */
import { ColeError } from '../base/index.js';

let loading: Promise<typeof import('onnxruntime-node')> | undefined;

export function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  loading ??= import('onnxruntime-node').catch((cause) => {
    throw new ColeError(
      'ERR_MODEL',
      `expected the package onnxruntime-node to run the language model, but ${cause.message}; install it with: npm install --ignore-scripts onnxruntime-node`,
      { cause },
    );
  });
  return loading;
}
