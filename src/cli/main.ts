#!/usr/bin/env node
/** Entry of the command line: runs the program and turns whatever comes out of it into an exit code. */
import { exitCodeOf, guardOutput, showWarnings } from './exit.js';
import { buildProgram } from './program.js';

guardOutput();
showWarnings();
try {
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
