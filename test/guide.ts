/** The code blocks of docs/guide.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './cli/run.js';

const guide = readFileSync(join(projectRoot, 'docs', 'guide.md'), 'utf8');

/** Programs by file name, which stands in their first line. */
export const programs: ReadonlyMap<string, string> = new Map(
  [...guide.matchAll(/```(?:ts|js)\n(\/\/ (\S+)\n[\s\S]*?)```/g)].map(([, text, name]) => [name!, text!]),
);
