/** The checks behind `cole doctor`. Each one looks for itself and never throws: a fault is a result here. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { availableCores, packageFile } from '../base/index.js';

export interface Check {
  readonly name: string;
  /** A fault keeps something that cole needs from working; what is optional only keeps something out. */
  readonly state: 'ok' | 'fault' | 'optional';
  readonly found: string;
  /** The one command that mends it. */
  readonly remedy?: string;
}

const defaultModels = ['smollm2-135m', 'all-minilm-l6-v2'];
const run = promisify(execFile);

export async function diagnose(): Promise<Check[]> {
  const models = await checkModels();
  const needPip = models.some(({ state }) => state === 'fault');
  return [
    checkNode(),
    checkLibc(),
    await checkAddon(),
    await checkOnnxruntime(),
    ...models,
    ...(await checkPython(needPip)),
    await checkChromium(),
  ];
}

function checkNode(): Check {
  const { engines } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { engines: { node: string } };
  const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node)!.slice(1).map(Number) as [number, number];
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number) as [number, number];
  const fine = haveMajor > major || (haveMajor === major && haveMinor >= minor);
  const found = `${process.version} on ${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${availableCores()} cores`;
  return {
    name: 'node',
    state: fine ? 'ok' : 'fault',
    found,
    remedy: `install Node ${engines.node} from https://nodejs.org`,
  };
}

function checkLibc(): Check {
  if (process.platform !== 'linux') return { name: 'libc', state: 'ok', found: 'of the operating system' };
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime) return { name: 'libc', state: 'ok', found: `glibc ${header.glibcVersionRuntime}` };
  return {
    name: 'libc',
    state: 'optional',
    found: 'musl, for which onnxruntime-node has no binary: no language models here',
    remedy: 'use a system with glibc, such as the image node:20-bookworm',
  };
}

async function checkAddon(): Promise<Check> {
  const { addonPath, buildAddon: remedy, native } = await import('../index.js');
  try {
    const { isa, supported, abi, version } = native().info();
    const found = `${addonPath()}, version ${version}, abi ${abi}, runs on ${isa} (this CPU: ${supported.join(', ')})`;
    return { name: 'addon', state: 'ok', found, remedy };
  } catch (error) {
    return { name: 'addon', state: 'fault', found: firstLine(error), remedy };
  }
}

async function checkOnnxruntime(): Promise<Check> {
  const name = 'onnxruntime-node';
  // In a process of its own: a binary that does not fit this machine may end the process that loads it.
  const script = `import('${name}').then((m) => console.log((m.env ?? m.default.env).versions.node))`;
  try {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: packageFile() });
    return { name, state: 'ok', found: stdout.trim() };
  } catch (error) {
    const missing = String((error as { stderr?: string }).stderr).includes('ERR_MODULE_NOT_FOUND');
    const found = missing ? 'not installed: no language models' : `does not load: ${firstLine(error)}`;
    return { name, state: 'fault', found, remedy: 'npm install --ignore-scripts onnxruntime-node' };
  }
}

async function checkModels(): Promise<Check[]> {
  const { listModels } = await import('../index.js');
  const remedy = (model: string) => `cole models pull ${model}`;
  try {
    const models = await listModels();
    return defaultModels.map((model) => {
      const entry = models.find(({ name }) => name === model);
      return entry?.present
        ? { name: `model ${model}`, state: 'ok', found: entry.folder }
        : { name: `model ${model}`, state: 'fault', found: 'not in the model store', remedy: remedy(model) };
    });
  } catch (error) {
    return [{ name: 'models', state: 'fault', found: firstLine(error), remedy: remedy(defaultModels[0]!) }];
  }
}

/** Python itself is only needed to fetch models; torch only to run the rendered code in tests. */
async function checkPython(needed: boolean): Promise<Check[]> {
  const python = process.env.COLE_PYTHON ?? 'python3';
  const ask = async (name: string, args: string[], remedy: string, need: boolean): Promise<Check> => {
    try {
      const { stdout } = await run(python, args);
      return {
        name,
        state: 'ok',
        found: stdout
          .trim()
          .split('\n')[0]!
          .replace(/ from .*/, ''),
      };
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT' ? `no ${python} in PATH` : `not in ${python}`;
      return { name, state: need ? 'fault' : 'optional', found: absent, remedy };
    }
  };
  const apt = 'apt-get install -y';
  return [
    await ask('python', ['--version'], `${apt} python3`, needed),
    await ask('pip', ['-m', 'pip', '--version'], `${apt} python3-pip`, needed),
    await ask('torch', ['-c', 'import torch; print(torch.__version__)'], `${apt} python3-torch`, false),
  ];
}

async function checkChromium(): Promise<Check> {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      const { stdout } = await run(name, ['--version']);
      return { name: 'chromium', state: 'ok', found: stdout.trim() };
    } catch {}
  }
  const remedy = 'apt-get install -y chromium';
  return {
    name: 'chromium',
    state: 'optional',
    found: 'not in PATH: the test that looks at reports is skipped',
    remedy,
  };
}

function firstLine(error: unknown): string {
  return String((error as Error).message ?? error).split('\n')[0]!;
}
