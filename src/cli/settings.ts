/**
 * Where an option that no flag set takes its value from: the environment (`COLE_` and the long flag, `--max-tokens` ->
 * COLE_MAX_TOKENS), else `cole.config.yaml` or `.json` in the current folder, else the default. A configuration file holds
 * option names, and sections named after commands for what only that command shall see.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type CommandUnknownOpts as Command, InvalidArgumentError, type Option } from '@commander-js/extra-typings';
import { parse } from 'yaml';
import { ColeError, unknownName } from '../base/index.js';

const configNames = ['cole.config.yaml', 'cole.config.yml', 'cole.config.json'];
/** These steer the reading of settings themselves. */
const onlyFlags = new Set(['config', 'printConfig', 'version']);

const sourceNames: Record<string, string> = { cli: 'flag', env: 'environment', config: 'configuration file' };

type Section = Record<string, unknown>;

/** Fills in the options of `command` and its parents that no flag has set. */
export function applySettings(command: Command): void {
  const root = ancestry(command).at(-1)!;
  const file = readConfig(root.getOptionValue('config') as string | undefined, root);
  for (const owner of ancestry(command)) {
    for (const option of owner.options) {
      const name = option.attributeName();
      if (onlyFlags.has(name) || owner.getOptionValueSource(name) === 'cli') continue;
      const variable = `COLE_${option.name().replaceAll('-', '_').toUpperCase()}`;
      const fromEnvironment = process.env[variable];
      if (fromEnvironment !== undefined && fromEnvironment !== '') {
        owner.setOptionValueWithSource(name, convert(option, fromEnvironment, variable), 'env');
      } else if (file) {
        const value = lookUp(file, command, option);
        if (value !== undefined) owner.setOptionValueWithSource(name, value, 'config');
      }
    }
  }
}

/** Every option with its value and where that came from. */
export function describeSettings(command: Command): { option: string; value: unknown; from: string }[] {
  return ancestry(command).flatMap((owner) =>
    owner.options
      .filter((option) => !onlyFlags.has(option.attributeName()))
      .map((option) => ({
        option: option.name(),
        value: owner.getOptionValue(option.attributeName()) ?? null,
        from: sourceNames[owner.getOptionValueSource(option.attributeName()) ?? 'default'] ?? 'default',
      })),
  );
}

function ancestry(command: Command): Command[] {
  const chain = [command];
  for (let parent = command.parent; parent; parent = parent.parent) chain.push(parent);
  return chain;
}

interface ConfigFile {
  readonly path: string;
  readonly values: Section;
}

function readConfig(given: string | undefined, root: Command): ConfigFile | undefined {
  const path = given ?? configNames.find((name) => existsSync(name));
  if (path === undefined) return undefined;
  let values: unknown;
  try {
    values = parse(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    throw new ColeError('ERR_OPTION', `expected a configuration file at ${path}, but ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!isSection(values)) throw new ColeError('ERR_OPTION', `expected option names and values in ${path}`);
  checkNames(path, values, root);
  return { path, values };
}

function checkNames(path: string, values: Section, root: Command): void {
  const everywhere = new Set(root.options.map((option) => option.name()));
  for (const command of root.commands) for (const name of optionNames(command)) everywhere.add(name);
  for (const [key, value] of Object.entries(values)) {
    const command = root.commands.find((candidate) => candidate.name() === key);
    if (command && isSection(value)) {
      const known = [...root.options.map((option) => option.name()), ...optionNames(command)];
      for (const name of Object.keys(value))
        if (!known.includes(name)) throw unknownName(`setting of ${key} in ${path}`, name, known);
    } else if (!everywhere.has(key)) {
      throw unknownName(`setting in ${path}`, key, [...everywhere, ...root.commands.map((each) => each.name())]);
    }
  }
}

function optionNames(command: Command): string[] {
  return [command, ...command.commands].flatMap((each) => each.options.map((option) => option.name()));
}

function lookUp(file: ConfigFile, command: Command, option: Option): unknown {
  const top = ancestry(command).at(-2) ?? command;
  const section = file.values[top.name()];
  const own = isSection(section) ? section[option.name()] : undefined;
  const value = own ?? file.values[option.name()];
  if (value === undefined || isSection(value)) return undefined;
  return convert(option, value, `${option.name()} in ${file.path}`);
}

function convert(option: Option, value: unknown, where: string): unknown {
  const expected = (what: string) => new ColeError('ERR_OPTION', `expected ${what} as ${where}, got ${value}`);
  if (option.isBoolean() || option.negate) {
    if (['true', '1'].includes(String(value))) return !option.negate;
    if (['false', '0'].includes(String(value))) return option.negate;
    throw expected('true or false');
  }
  const convertOne = (text: string, previous: unknown): unknown => {
    try {
      return option.parseArg ? option.parseArg(text, previous) : text;
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw expected(`${option.flags} (${error.message})`);
      throw error;
    }
  };
  if (!option.variadic) return convertOne(String(value), undefined);
  const items = Array.isArray(value) ? value.map(String) : String(value).split(',');
  return option.parseArg ? items.reduce<unknown>((previous, item) => convertOne(item, previous), undefined) : items;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
