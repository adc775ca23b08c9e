/** Every command line that the documents and the help show is one that the program takes: names, options, values. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildProgram } from '#cole/cli/program.js';
import { projectRoot } from './cli/run.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Settings are shown instead of anything being done; the exit code says whether the words were understood. */
async function check(words: readonly string[]): Promise<void> {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const taken = buildProgram().parseAsync(['node', 'cole', '--print-config', ...words]);
  await expect(taken).rejects.toMatchObject({ exitCode: 0 });
}

/** Words of the commands of a shell script, without comments and redirections. */
function commandsOf(script: string): string[][] {
  const pattern = /\s#[^\n]*|\\\n|\s*(?:>|<)\s*\S+|\n|\||&&|;|((?:'[^']*'|"[^"]*"|[^\s'"|;<>])+)/g;
  const commands: string[][] = [[]];
  for (const [text, word] of `\n${script}`.matchAll(pattern)) {
    if (word !== undefined) commands.at(-1)!.push(word.replaceAll(/['"]/g, ''));
    else if (/^(\n|\||&&|;)$/.test(text)) commands.push([]);
  }
  return commands.flatMap(([first, ...words]) => (first === 'cole' ? [words] : []));
}

describe.each(['README.md', 'docs/guide.md', 'docs/results.md', 'examples/digits/README.md'])('%s', (file) => {
  const text = readFileSync(join(projectRoot, ...file.split('/')), 'utf8');
  const blocks = [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```/gm)];
  const scripts = blocks.flatMap(([, language, script]) => (['', 'sh'].includes(language!) ? [script!] : []));
  const commands = scripts.flatMap(commandsOf);
  it('shows some commands', () => expect(commands.length).toBeGreaterThan(1));
  it.each(commands.map((words) => [words.join(' '), words] as const))('cole %s', (_, words) => check(words));
});

describe('examples of the help', () => {
  const all = buildProgram().commands.flatMap((command) => [command, ...command.commands]);
  for (const command of all) {
    let help = '';
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    const examples = /^Examples:\n([\s\S]*?)\n\n?(?:Usage|\n)/.exec(help)?.[1] ?? '';
    it.each(commandsOf(examples.replaceAll(/^ +/gm, '')).map((words) => [words.join(' '), words] as const))(
      'cole %s',
      (_, words) => check(words),
    );
  }
});
