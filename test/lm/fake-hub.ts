/** A hub on this machine: one repository, the three requests that a pull makes, and ways to go wrong. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeHub {
  readonly url: string;
  /** Paths that were asked for, with their ranges. */
  readonly requests: string[];
  /** Bytes before the connection is cut; each answer with weights takes one. */
  readonly cuts: number[];
  /** What files really hold, where that is not what the listing says. */
  readonly changed: Map<string, Uint8Array>;
  /** Of all its weights, where it has counted them. */
  parameters: number | undefined;
  /** Answer to everything, if not 200. */
  status: number;
  /** Milliseconds between chunks of 1024 bytes. */
  delay: number;
  close(): Promise<void>;
}

export const commit = '0123456789abcdef0123456789abcdef01234567';

export async function fakeHub(
  id: string,
  files: Readonly<Record<string, Uint8Array>>,
  license = 'mit',
): Promise<FakeHub> {
  const hub = {
    requests: [] as string[],
    cuts: [] as number[],
    changed: new Map<string, Uint8Array>(),
    parameters: undefined as number | undefined,
    status: 200,
    delay: 0,
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = decodeURIComponent(request.url!.replace(/\?.*/, ''));
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    hub.requests.push(range ? `${path} ${range[1]}-${range[2]}` : path);
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (hub.status !== 200) return json({ error: 'refused on purpose' }, hub.status);
    if (path.startsWith(`/api/models/${id}/revision/`))
      return json({
        ...{ _id: '1', id, sha: commit, cardData: { license }, tags: [], lastModified: '2026-01-01T00:00:00Z' },
        ...(hub.parameters !== undefined && { safetensors: { total: hub.parameters } }),
      });
    if (path.startsWith(`/api/models/${id}/tree/${commit}`)) return json(Object.entries(files).map(entryOf));
    const name = path.replace(`/${id}/resolve/${commit}/`, '');
    const content = hub.changed.get(name) ?? files[name];
    if (!content) return json({ error: 'not found' }, 404);
    const [from, to] = range ? [Number(range[1]), Number(range[2])] : [0, content.length - 1];
    const body = content.subarray(from, to + 1);
    const headers = { etag: '"x"', 'content-length': body.length, 'accept-ranges': 'bytes' };
    response.writeHead(
      range ? 206 : 200,
      range ? { ...headers, 'content-range': `bytes ${from}-${to}/${content.length}` } : headers,
    );
    const cut = body.length > 1 && name.endsWith('.safetensors') ? hub.cuts.shift() : undefined;
    for (let at = 0; at < body.length; at += 1024) {
      if (cut !== undefined && at >= cut) {
        // What was sent so far is on its way first.
        await new Promise((resolve) => setTimeout(resolve, 100));
        return response.destroy();
      }
      response.write(body.subarray(at, at + 1024));
      if (hub.delay) await new Promise((resolve) => setTimeout(resolve, hub.delay));
    }
    return response.end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(hub, { url, close });
}

/** Large files are listed with their SHA-256, small ones with git's hash, as the hub does. */
function entryOf([path, content]: [string, Uint8Array]) {
  const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const entry = { type: 'file', path, size: content.length, oid: git };
  if (!/\.(safetensors|gguf)$/.test(path)) return entry;
  return {
    ...entry,
    lfs: { oid: createHash('sha256').update(content).digest('hex'), size: content.length, pointerSize: 130 },
  };
}
