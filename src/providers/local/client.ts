import { type Dispatcher, Pool } from 'undici';
import type { ZodType } from 'zod';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { type Answer, isOwnError, refusalOf } from './answer.ts';
import { Deadline } from './deadline.ts';

export interface ClientOptions {
  provider: string;
  url: string;
  apiKey: string | null;
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
  method?: 'GET' | 'POST';
  json?: unknown;
  headers?: Record<string, string>;
  /** From the call to the answer's headers, where it shall be less than usual. */
  headersMs?: number;
  /** The server may answer without looking at the key. */
  keyless?: boolean;
  signal: AbortSignal;
}

/** A longer body is cut off: nothing that is asked for comes near it. */
const maxBodyBytes = 16 * 1024 * 1024;
const connectMs = 3500;

/**
 * Talks to one training server and to no other: redirects are not followed, so the key stays here.
 * Every call is bounded in time and bytes and ends with its signal; every failure is a `TrainyardError`
 * that names the provider. After a 429 no call leaves before the server's time is over.
 */
export class TrainingClient {
  readonly #options: ClientOptions;
  readonly #base: string;
  readonly #origin: string;
  readonly #pool: Pool;
  #quietUntil = 0;
  #keyRefusal: string | null = null;

  constructor(options: ClientOptions) {
    const url = new URL(options.url);
    this.#options = options;
    this.#origin = url.origin;
    this.#base = url.pathname.replace(/\/+$/, '');
    // Deadlines are kept here, and a reader that takes its time is no silence of the server's.
    this.#pool = new Pool(url.origin, {
      connect: { timeout: connectMs },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** How the server has refused the key, until it accepts it; null where it has not. */
  get keyRefusal(): string | null {
    return this.#keyRefusal;
  }

  /** The server's answer as the schema has it. */
  async call<T>(call: Call, schema: ZodType<T>): Promise<T> {
    using deadline = new Deadline(call.signal);
    const response = await this.#send(call, 'application/json', deadline);
    const answer = await this.#read(response, call, deadline);
    this.#check(answer, call);
    const parsed = schema.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw this.broken(call.task, 'its answer is not what a training server says', parsed.error);
  }

  /** The bytes of an event stream; null where the server has no such route. Must be read at once. */
  async stream(call: Call): Promise<AsyncIterable<Buffer> | null> {
    using opening = new DisposableStack();
    const deadline = opening.use(new Deadline(call.signal));
    const response = await this.#send(call, 'text/event-stream', deadline);
    const type = String(response.headers['content-type'] ?? '');
    if (response.statusCode === 200 && type.startsWith('text/event-stream')) {
      return this.#chunks(response.body, call, { deadline, opened: opening.move() });
    }
    const answer = await this.#read(response, call, deadline);
    if (answer.status !== 404 || isOwnError(answer.body)) this.#check(answer, call);
    return null;
  }

  /** The error for an exchange that went wrong and may go right another time. */
  broken(task: string, reason: string, cause?: unknown): TrainyardError {
    const message = `Provider ${this.#options.provider} could not ${task}: ${reason}`;
    return new TrainyardError('PROVIDER_UNAVAILABLE', message, { cause });
  }

  /** Ends every call that is under way. Closing twice is fine. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(call: Call, accept: string, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    this.#keepQuiet(call.task);
    const { apiKey } = this.#options;
    const headersMs = Math.min(call.headersMs ?? Number.POSITIVE_INFINITY, this.#options.headersMs);
    const headers: Record<string, string> = { ...call.headers, accept };
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
    const { bodyMs } = this.#options;
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
    const body = parseJson(Buffer.concat(chunks).toString('utf8'));
    return { status: response.statusCode, headers: response.headers, body };
  }

  async *#chunks(
    body: Dispatcher.ResponseData['body'],
    call: Call,
    { deadline, opened }: { deadline: Deadline; opened: DisposableStack },
  ): AsyncGenerator<Buffer, void> {
    using stack = opened;
    stack.defer(() => body.destroy());
    const { silenceMs } = this.#options;
    const silent = `its event stream was silent for ${silenceMs / 1000} s`;
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

  #check(answer: Answer, call: Call): void {
    const { provider, apiKey } = this.#options;
    const question = { provider, origin: this.#origin, task: call.task, secret: apiKey };
    const refusal = refusalOf(answer, question);
    if (answer.status === 401 || answer.status === 403) this.#keyRefusal = refusal?.message ?? null;
    else if (refusal === null && !call.keyless) this.#keyRefusal = null;
    if (refusal?.code === 'RATE_LIMITED') {
      this.#quietUntil = performance.now() + (refusal.retryAfterMs ?? 0);
    }
    if (refusal !== null) throw refusal;
  }

  #keepQuiet(task: string): void {
    const retryAfterMs = Math.ceil(this.#quietUntil - performance.now());
    if (retryAfterMs <= 0) return;
    const seconds = Math.ceil(retryAfterMs / 1000);
    const message = `Provider ${this.#options.provider} could not ${task}: the training server asked for no requests for another ${seconds} s`;
    throw new TrainyardError('RATE_LIMITED', message, { retryAfterMs });
  }

  #failure(call: Call, error: unknown): unknown {
    if (call.signal.aborted) return call.signal.reason;
    if (error instanceof TrainyardError) return error;
    return this.broken(call.task, reasonOf(error, this.#origin), error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, origin: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const help = 'check TRAINING_SERVER_URL';
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${origin}; start the training server there, or ${help}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${origin} is not known; ${help}`;
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `${origin} cannot be reached; ${help}`;
    default:
      return `${messageOf(error)} (${origin})`;
  }
}
