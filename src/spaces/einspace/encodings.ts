/** Counts and sizes of a network: the cheap features that any learned ones have to beat. */
import type { Encoding } from '../types.js';
import { firstTerminal, operationCount } from './grammar.js';
import { type Network, traceOf } from './network.js';

/** Columns behind the counts: parameters, nodes, largest tensor and nesting, then rank and sizes of the output. */
const sizes = 8;

/**
 * How often each operation occurs in the network, copies counted, and its sizes. All but the rank are log(1 + n): the
 * numbers span many orders of magnitude.
 */
export const counts: Encoding<Network> = {
  length: operationCount + sizes,
  encode(network) {
    const trace = traceOf(network);
    const out = new Float32Array(operationCount + sizes);
    trace.code.forEach((op, at) => {
      out[op]! += trace.copies[at]!;
    });
    for (let op = 0; op < operationCount; op++) out[op] = Math.log1p(out[op]!);
    const terminals = trace.code.reduce((sum, op) => sum + Number(op >= firstTerminal), 0);
    const [rank, ...dims] = trace.output.subarray(0, 4);
    const own = [trace.parameters, trace.nodes, trace.elements, trace.nesting, terminals, dims[0]!, dims.at(-1)!];
    out.set([...own.map(Math.log1p), rank!], operationCount);
    return out;
  },
};
