/**
 * Models of the Hugging Face hub: which files of a repository make a model, under which licence, with which hashes. Nothing
 * of size is fetched here, and what our graphs do not compute is refused before it is.
 */
import { createHash } from 'node:crypto';
import { downloadFile, HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { ColeError } from '../../base/index.js';
import { configOfGguf, configOfHuggingFace } from '../families/config.js';
import { ggufParts, readGgufHeader } from '../formats/gguf.js';
import { count } from '../formats/read.js';
import { indexName, shardNames, singleName } from '../formats/shards.js';

export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the content, or SHA-1 of the content as a git blob for small files, which the hub hashes no other way. */
  readonly hash: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface HubModel {
  readonly id: string;
  /** Of the revision that was asked for, so that all files are of one state. */
  readonly commit: string;
  readonly license: string;
  readonly files: readonly HubFile[];
  /** What to import of the downloaded folder: a file's path, or '.' for the folder. */
  readonly imported: string;
  /** Bytes of its weights in float32, as near as the hub tells. */
  readonly weightsBytes: number;
}

const asked = ['sha', 'cardData', 'tags', 'safetensors'] as const;

/** The hub, or a mirror of it that HF_ENDPOINT names; private and gated models need HF_TOKEN. */
export function hubAccess(): { hubUrl: string; accessToken?: string } {
  const { HF_ENDPOINT, HF_TOKEN } = process.env;
  const hubUrl = (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  return HF_TOKEN ? { hubUrl, accessToken: HF_TOKEN } : { hubUrl };
}

/** `id`: owner/name, with @revision if it is not the main branch. */
export function parseHubId(text: string): { id: string; revision: string } | undefined {
  const found = /^([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?$/.exec(text);
  return found ? { id: found[1]!, revision: found[2] ?? 'main' } : undefined;
}

/** What `id` at `revision` would download. `file`: which of its files holds the weights, where that is not plain. */
export async function findHubModel(id: string, revision: string, file?: string): Promise<HubModel> {
  try {
    const info = await modelInfo({ name: id, revision, ...hubAccess(), additionalFields: [...asked] });
    const commit = info.sha;
    if (!/^[0-9a-f]{40}$/.test(commit ?? ''))
      throw new ColeError('ERR_MODEL', `expected the commit of ${id}@${revision} from the hub, got ${commit}`);
    const all = new Map<string, HubFile>();
    for await (const entry of listFiles({ repo: id, revision: commit, recursive: true, ...hubAccess() }))
      if (entry.type === 'file') all.set(entry.path, hubFile(entry));
    const license =
      info.cardData?.license ?? info.tags?.find((tag) => tag.startsWith('license:'))?.slice(8) ?? 'unknown';
    const chosen = await choose(id, commit, all, file, info.safetensors?.total);
    return { id, commit, license: String(license), ...chosen };
  } catch (error) {
    throw hubError(error, `${id}@${revision}`);
  }
}

function hubFile(entry: { path: string; size: number; oid?: string; lfs?: { oid: string; size: number } }): HubFile {
  const { path, lfs } = entry;
  // It becomes a path on this machine.
  if (!/^[^/\\]+(\/[^/\\]+)*$/.test(path) || path.split('/').includes('..'))
    throw new ColeError('ERR_DATA', `expected a path of a file from the hub, got ${path}`);
  const hash = lfs ? ({ kind: 'sha256', hex: lfs.oid } as const) : ({ kind: 'git', hex: entry.oid ?? '' } as const);
  return { path, bytes: lfs?.size ?? entry.size, hash };
}

/** `parameters`: of all safetensors files, where the hub has counted them. */
async function choose(
  id: string,
  commit: string,
  all: ReadonlyMap<string, HubFile>,
  file: string | undefined,
  parameters: number | undefined,
): Promise<Pick<HubModel, 'files' | 'imported' | 'weightsBytes'>> {
  const need = (path: string) => {
    const found = all.get(path);
    if (!found) throw new ColeError('ERR_MODEL', `expected ${path} in ${id}, got no such file`);
    return found;
  };
  // Of a model in several files the first one stands for all.
  const isLaterPart = /-(?!00001-)\d{5}-of-\d{5}\.gguf$/;
  const ggufs = [...all.keys()].filter((path) => path.endsWith('.gguf') && !isLaterPart.test(path));
  const only = all.has(singleName) || all.has(indexName) ? undefined : ggufs.length === 1 ? ggufs[0] : undefined;
  const weights = file ?? only;
  if (weights?.endsWith('.gguf')) {
    const files = ggufParts(weights).map(need);
    return { files, imported: weights, weightsBytes: await ggufBytes(id, commit, files) };
  }
  if (weights?.endsWith('.onnx')) {
    const data = [...all.keys()].filter((path) => path === `${weights}_data` || path === `${weights}.data`);
    const paths = ['config.json', 'tokenizer.json', weights, ...data];
    return { files: paths.map(need), imported: weights, weightsBytes: sizeOf([weights, ...data].map(need)) };
  }
  if (weights !== undefined)
    throw new ColeError('ERR_OPTION', `expected a GGUF or ONNX file of ${id} for the weights, got ${weights}`);
  if (!all.has(singleName) && !all.has(indexName)) {
    const which = ggufs.length
      ? `one of its GGUF files (${ggufs.join(', ')}) to be named`
      : `${singleName} or a GGUF file`;
    const pickle = [...all.keys()].find((path) => path.endsWith('.bin'));
    const advice = pickle
      ? `; ${pickle} is a program as much as data and is not read: save the model with transformers, which writes safetensors and tokenizer.json, and cole models add that folder`
      : '';
    throw new ColeError(
      'ERR_MODEL',
      `expected ${which} in ${id}, got ${[...all.keys()].join(', ') || 'nothing'}${advice}`,
    );
  }
  const description = JSON.parse(await smallFile(id, commit, need('config.json').path)) as Record<string, unknown>;
  configOfHuggingFace(description, `config.json of ${id}`);
  const paths = all.has(singleName)
    ? [singleName]
    : [indexName, ...new Set(shardNames(indexName, await smallFile(id, commit, indexName)).values())];
  const isHalf = /16/.test(String(description.torch_dtype ?? description.dtype));
  const weightsBytes = parameters === undefined ? sizeOf(paths.map(need)) * (isHalf ? 2 : 1) : 4 * parameters;
  return { files: ['config.json', 'tokenizer.json', ...paths].map(need), imported: '.', weightsBytes };
}

function sizeOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** In float32; reads the headers, and refuses a family or a type of tensors that cannot be read. */
async function ggufBytes(id: string, commit: string, files: readonly HubFile[]): Promise<number> {
  const { hubUrl, accessToken } = hubAccess();
  const ranges: typeof fetch = async (url, init) => {
    const headers = { ...init?.headers, ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }) };
    const answer = await fetch(url, { ...init, headers });
    if (!answer.ok) throw new ColeError('ERR_MODEL', `expected ${url}, but the hub answered ${answer.status}`);
    return answer;
  };
  let bytes = 0;
  for (const [index, { path }] of files.entries()) {
    const { metadata, entries } = await readGgufHeader(`${hubUrl}/${id}/resolve/${commit}/${path}`, ranges);
    if (index === 0) configOfGguf(metadata, `${path} of ${id}`);
    for (const { shape } of entries.values()) bytes += 4 * count(shape);
  }
  return bytes;
}

async function smallFile(id: string, commit: string, path: string): Promise<string> {
  const blob = await downloadFile({ repo: id, revision: commit, path, xet: false, ...hubAccess() });
  if (!blob) throw new ColeError('ERR_MODEL', `expected ${path} in ${id}, got no such file`);
  return blob.text();
}

/** One hash for the model: that of its only file of weights, or of all hashes. */
export function hashOf({ files }: HubModel): string {
  const weights = files.filter(({ path, hash }) => hash.kind === 'sha256' && !path.endsWith('.json'));
  if (weights.length === 1) return weights[0]!.hash.hex;
  return createHash('sha256')
    .update(files.map(({ path, hash }) => `${hash.hex} ${path}\n`).join(''))
    .digest('hex');
}

export function hubError(error: unknown, what: string): ColeError {
  if (error instanceof ColeError) return error;
  const { hubUrl } = hubAccess();
  const { message, cause } = error as Error;
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    const reason =
      statusCode === 401 || statusCode === 403
        ? 'it is private, gated or not there; accept its terms and set HF_TOKEN'
        : statusCode === 404
          ? 'it is not there'
          : message;
    return new ColeError(
      'ERR_MODEL',
      `expected ${what} from ${hubUrl}, but the hub answered ${statusCode}: ${reason}`,
      {
        cause: error,
      },
    );
  }
  const reason = cause instanceof Error ? cause.message : message;
  return new ColeError('ERR_MODEL', `expected ${what} from ${hubUrl}, but ${reason}`, { cause: error });
}
