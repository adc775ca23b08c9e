/**
 * Vectors of texts across threads. One embedder lives beside the main thread; trials in workers ask it over a message port.
 * Requests that wait while the language model runs are answered together by its next run. An embedder gives a text the
 * same bits in any company, so how requests meet does not show in results.
 */
import type { MessagePort } from 'node:worker_threads';
import { asColeError, ColeError, type Matrix, matrix } from '../base/index.js';
import type { Embedder } from '../lm/index.js';

export interface EmbeddingRequest {
  readonly kind: 'embed';
  readonly id: number;
  readonly texts: readonly string[];
}

export type EmbeddingReply =
  | {
      readonly kind: 'vectors';
      readonly id: number;
      /** [texts, dimension], transferred. */
      readonly data: Float32Array<ArrayBuffer>;
      readonly dimension: number;
      /** Share of this request, by texts, in the seconds of the run that answered it. */
      readonly tokenizeSeconds: number;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string };

/** The side of the embedder. */
export class EmbeddingServer {
  readonly #embedder: Pick<Embedder, 'embed' | 'stats'>;
  #waiting: { request: EmbeddingRequest; port: MessagePort }[] = [];
  #running = false;

  constructor(embedder: Pick<Embedder, 'embed' | 'stats'>) {
    this.#embedder = embedder;
  }

  /** Answers to `port` some time later; never throws, failures go to who asked. */
  ask(request: EmbeddingRequest, port: MessagePort): void {
    this.#waiting.push({ request, port });
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      const texts = taken.flatMap(({ request }) => request.texts);
      try {
        const before = this.#embedder.stats.tokenizeSeconds;
        const { data, cols } = await this.#embedder.embed(texts);
        const perText = (this.#embedder.stats.tokenizeSeconds - before) / Math.max(1, texts.length);
        let row = 0;
        for (const { request, port } of taken) {
          const rows = request.texts.length;
          const own = data.slice(row * cols, (row + rows) * cols) as Float32Array<ArrayBuffer>;
          row += rows;
          const reply: EmbeddingReply = {
            kind: 'vectors',
            id: request.id,
            data: own,
            dimension: cols,
            tokenizeSeconds: perText * rows,
          };
          port.postMessage(reply, [own.buffer]);
        }
      } catch (error) {
        const { code, message } = asColeError(error, 'ERR_MODEL');
        for (const { request, port } of taken) {
          const reply: EmbeddingReply = { kind: 'failed', id: request.id, code, message };
          port.postMessage(reply);
        }
      }
    }
    this.#running = false;
  }
}

/** Vectors kept by a worker, at most this many bytes; the embedder's own cache is behind it. */
const keptBytes = 256 * 2 ** 20;

/** The side of a worker: remembers the vectors it was sent, for all trials that it runs. */
export class EmbeddingClient {
  readonly dimension: number;
  /** Told the seconds spent on tokenising in what was waited for. */
  readonly #onTokenize: (seconds: number) => void;
  readonly #kept: Map<string, Float32Array>;
  readonly #port: MessagePort;
  readonly #pending = new Map<number, (reply: EmbeddingReply) => void>();
  #id = 0;

  constructor(
    dimension: number,
    port: MessagePort,
    kept: Map<string, Float32Array>,
    onTokenize: (seconds: number) => void,
  ) {
    this.dimension = dimension;
    this.#port = port;
    this.#kept = kept;
    this.#onTokenize = onTokenize;
    port.on('message', (reply: EmbeddingReply | { readonly kind?: undefined }) => {
      // Other clients use the port too.
      if (reply.kind === undefined) return;
      const settle = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      settle?.(reply);
    });
  }

  /** Rows in the order of `texts`. */
  async embed(texts: readonly string[]): Promise<Matrix> {
    const missing = [...new Set(texts)].filter((text) => !this.#kept.has(text));
    // What this call needs must outlast the clearing, so rows come from a map of its own.
    const rows = new Map(texts.flatMap((text) => (this.#kept.has(text) ? [[text, this.#kept.get(text)!]] : [])));
    if (missing.length > 0) {
      const data = await this.#request(missing);
      if ((this.#kept.size + missing.length) * this.dimension * 4 > keptBytes) this.#kept.clear();
      missing.forEach((text, i) => {
        const vector = data.subarray(i * this.dimension, (i + 1) * this.dimension);
        rows.set(text, vector);
        this.#kept.set(text, vector);
      });
    }
    const out = matrix(texts.length, this.dimension);
    texts.forEach((text, i) => {
      out.data.set(rows.get(text)!, i * this.dimension);
    });
    return out;
  }

  async #request(texts: readonly string[]): Promise<Float32Array> {
    const request: EmbeddingRequest = { kind: 'embed', id: this.#id++, texts };
    const reply = await new Promise<EmbeddingReply>((resolve) => {
      this.#pending.set(request.id, resolve);
      this.#port.postMessage(request);
    });
    if (reply.kind === 'failed') throw asColeError(new ColeError(reply.code as never, reply.message), 'ERR_MODEL');
    this.#onTokenize(reply.tokenizeSeconds);
    return reply.data;
  }
}
