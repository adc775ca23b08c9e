/** The command line of a training program, and what stands in it for the training. */
import { ColeError, nearest } from '../base/index.js';

/** Names that stand in braces in a command, and in the environment as COLE_TRAINING_CODE and so on. */
export const placeholders = ['code', 'out', 'arch', 'key', 'seed'] as const;

/** Throws ERR_OPTION for a name in braces that is nearly one of the known ones, and for any known one where none is filled in. */
export function checkCommand(command: string, serve: boolean): void {
  if (command.trim() === '') throw new ColeError('ERR_OPTION', 'expected a command line as command, got an empty one');
  for (const [, name] of command.matchAll(/(?<!\$)\{(\w+)\}/g)) {
    const known = (placeholders as readonly string[]).includes(name!);
    if (serve && known)
      throw new ColeError(
        'ERR_OPTION',
        `expected no {${name}} in a command that serves: trainings come as lines on its standard input`,
      );
    const near = known ? undefined : nearest(name!, placeholders);
    if (near)
      throw new ColeError(
        'ERR_OPTION',
        `expected one of ${placeholders.map((each) => `{${each}}`).join(', ')} in the command, got {${name}}; did you mean {${near}}?`,
      );
  }
}

/** The command with its placeholders filled in, quoted for the shell where they need it. */
export function fillIn(command: string, values: Readonly<Record<(typeof placeholders)[number], string>>): string {
  return command.replace(/(?<!\$)\{(code|out|arch|key|seed)\}/g, (_, name: keyof typeof values) =>
    quoted(values[name]),
  );
}

function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word.replaceAll('"', '""')}"` : `'${word.replaceAll("'", `'\\''`)}'`;
}
