import { type Dispatcher, Pool } from 'undici';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { projectVersion } from '../../lib/system/project.ts';
import type { Answer } from './answer.ts';
import { Deadline } from './deadline.ts';

export interface ConnectionOptions {
  /** The server's address, with the path below which its routes are, if any. */
  url: string;
  /** Sent with every call as a bearer token. */
  apiKey: string | null;
  timeouts: Timeouts;
  /** Makes the error for a call that failed and may succeed another time; `task` completes "could not …". */
  broken: (task: string, reason: string, cause?: unknown) => TrainyardError;
  /** What to do about an address where no server answers; it follows "… is not known; ". */
  help: string;
}

/** All in milliseconds. */
export interface Timeouts {
  /** From the call to the answer's headers. */
  headersMs: number;
  /** From the headers to the end of a JSON body. */
  bodyMs: number;
  /** The longest silence in an event stream. */
  silenceMs: number;
}

export interface Call {
  /** Completes "could not …" in error messages. */
  task: string;
  path: string;
  method?: 'GET' | 'POST' | 'DELETE';
  json?: unknown;
  headers?: Record<string, string>;
  /** A shorter time than usual from the call to the answer's headers. */
  headersMs?: number;
  /** A longer time than usual from the call to the answer's headers. */
  patienceMs?: number;
  signal: AbortSignal;
}

/** An answer with a longer body fails. No real answer comes near this. */
const maxBodyBytes = 16 * 1024 * 1024;
const connectMs = 3500;
/** The type of a file's bytes, whatever they are. */
const fileType = 'application/octet-stream';
/** The most that is kept of a body that is plain text. */
const maxTextChars = 10_000;

/**
 * Talks to one server and to no other: it follows no redirect, so that the key reaches nobody else. Every call is
 * bounded in time and bytes, and ends with its signal. A call that fails throws the error that `broken` makes.
 */
export class HttpConnection {
  readonly origin: string;
  readonly #options: ConnectionOptions;
  readonly #base: string;
  /** Some gateways refuse callers without a user agent. */
  readonly #userAgent = `trainyard/${projectVersion()}`;
  readonly #pool: Pool;

  constructor(options: ConnectionOptions) {
    const url = new URL(options.url);
    this.#options = options;
    this.origin = url.origin;
    this.#base = url.pathname.replace(/\/+$/, '');
    // The timeouts of `Deadline` apply instead: they do not take a slow reader for a silent server.
    this.#pool = new Pool(url.origin, {
      connect: { timeout: connectMs },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Makes a call and resolves to the whole answer, whatever its status. */
  async ask(call: Call): Promise<Answer> {
    using deadline = new Deadline(call.signal);
    const response = await this.#send(call, 'application/json', deadline);
    return await this.#read(response, call, deadline);
  }

  /** The bytes of an event stream, which the caller must read at once; the whole answer where it is not a stream. */
  async stream(call: Call): Promise<{ chunks: AsyncIterable<Buffer> } | { answer: Answer }> {
    using opening = new DisposableStack();
    const deadline = opening.use(new Deadline(call.signal));
    const response = await this.#send(call, 'text/event-stream', deadline);
    const type = String(response.headers['content-type'] ?? '');
    if (response.statusCode === 200 && type.startsWith('text/event-stream')) {
      return {
        chunks: this.#chunks(response.body, call, {
          what: 'event stream',
          deadline,
          opened: opening.move(),
        }),
      };
    }
    return { answer: await this.#read(response, call, deadline) };
  }

  /** The bytes of a file, which the caller must read at once or return; the whole answer where it is none. */
  async file(
    call: Call,
  ): Promise<
    | { status: number; headers: Answer['headers']; chunks: AsyncIterable<Buffer> }
    | { answer: Answer }
  > {
    using opening = new DisposableStack();
    const deadline = opening.use(new Deadline(call.signal));
    const response = await this.#send(call, fileType, deadline);
    const { statusCode: status, headers } = response;
    const isFile = status === 200 || status === 206;
    if (isFile && headers['content-type'] === fileType) {
      const chunks = this.#chunks(response.body, call, {
        what: 'file',
        deadline,
        opened: opening.move(),
      });
      return { status, headers, chunks };
    }
    return { answer: await this.#read(response, call, deadline) };
  }

  /** Ends every call that is under way. Closing twice is fine. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(call: Call, accept: string, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    const { apiKey, timeouts } = this.#options;
    const usualMs = call.patienceMs ?? timeouts.headersMs;
    const headersMs = Math.min(call.headersMs ?? usualMs, usualMs);
    const headers: Record<string, string> = {
      ...call.headers,
      accept,
      'user-agent': this.#userAgent,
    };
    if (apiKey !== null) headers.authorization = `Bearer ${apiKey}`;
    if (call.json !== undefined) headers['content-type'] = 'application/json';
    deadline.set(headersMs, `no answer within ${headersMs / 1000} s`);
    try {
      return await deadline.race(
        this.#pool.request({
          method: call.method ?? 'GET',
          path: this.#base + call.path,
          headers,
          body: call.json === undefined ? null : JSON.stringify(call.json),
          signal: deadline.signal,
        }),
      );
    } catch (error) {
      throw this.#failure(call, error);
    }
  }

  async #read(response: Dispatcher.ResponseData, call: Call, deadline: Deadline): Promise<Answer> {
    const { bodyMs } = this.#options.timeouts;
    deadline.set(bodyMs, `its answer did not end within ${bodyMs / 1000} s`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response.body) {
        bytes += chunk.length;
        if (bytes > maxBodyBytes) throw new Error('its answer is longer than 16 MiB');
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#failure(call, error);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const { statusCode: status, headers } = response;
    return { status, headers, body: parseJson(text), text: plainText(text, headers) };
  }

  async *#chunks(
    body: Dispatcher.ResponseData['body'],
    call: Call,
    { what, deadline, opened }: { what: string; deadline: Deadline; opened: DisposableStack },
  ): AsyncGenerator<Buffer, void> {
    using stack = opened;
    stack.defer(() => body.destroy());
    const { silenceMs } = this.#options.timeouts;
    const silent = `its ${what} was silent for ${silenceMs / 1000} s`;
    try {
      deadline.set(silenceMs, silent);
      for await (const chunk of body) {
        deadline.pause();
        yield chunk;
        deadline.set(silenceMs, silent);
      }
    } catch (error) {
      throw this.#failure(call, error);
    }
  }

  #failure(call: Call, error: unknown): unknown {
    if (call.signal.aborted) return call.signal.reason;
    if (error instanceof TrainyardError) return error;
    return this.#options.broken(call.task, this.#reasonOf(error), error);
  }

  #reasonOf(error: unknown): string {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const { help } = this.#options;
    switch (code) {
      case 'ECONNREFUSED':
        return `nothing listens at ${this.origin}; ${help}`;
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the host of ${this.origin} is not known; ${help}`;
      case 'UND_ERR_CONNECT_TIMEOUT':
        return `${this.origin} cannot be reached; ${help}`;
      default:
        return `${messageOf(error)} (${this.origin})`;
    }
  }
}

/** The beginning of a plain text body, in which gateways say why they refuse a call. */
function plainText(text: string, headers: Answer['headers']): string | null {
  const isPlain = String(headers['content-type'] ?? '').startsWith('text/plain');
  return isPlain && text.trim() !== '' ? text.slice(0, maxTextChars) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsePythonJson(text);
  }
}

/** Parses JSON with NaN and Infinity as null: Python's `json.dumps` writes them when a training has diverged. */
function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return undefined;
  try {
    // The closing quote is optional: without it, a text that is not closed would make the pattern backtrack for long.
    const json = text.replaceAll(/"(?:[^"\\]+|\\[\s\S])*\\?"?|-?(?:NaN|Infinity)/g, (token) =>
      token.startsWith('"') ? token : 'null',
    );
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
