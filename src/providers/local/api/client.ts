import type { ZodType } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';
import type { OutputAnswer } from '../../../core/output.ts';
import { type Answer, safeWords } from '../../http/answer.ts';
import { type Call as HttpCall, HttpConnection, type Timeouts } from '../../http/connection.ts';
import { Shared } from '../../http/shared.ts';
import { isOwnError, refusalOf } from './answer.ts';

export interface ClientOptions {
  provider: string;
  url: string;
  /** The setting that holds the address; error messages name it. */
  urlName?: string | undefined;
  apiKey: string | null;
  /** The setting that holds the key; error messages name it. */
  keyName?: string | undefined;
  timeouts: Timeouts;
}

export interface Call extends HttpCall {
  /** True where the server may answer without checking the key. */
  keyless?: boolean;
}

/** Until when a server has asked for no calls, by the monotonic clock; for all providers with its address and key. */
const silences = new Shared(() => ({ until: 0 }));

/**
 * Talks to one training server. Every failure is a `TrainyardError` that names the provider. After a 429, calls fail
 * with `RATE_LIMITED`, and none is sent, until the server's Retry-After is over.
 */
export class TrainingClient {
  readonly #options: ClientOptions;
  readonly #connection: HttpConnection;
  readonly #silence: ReturnType<typeof silences.open>;
  #keyRefusal: string | null = null;
  #isKeyKnown = false;

  constructor(options: ClientOptions) {
    const { url, urlName = 'TRAINING_SERVER_URL', apiKey, timeouts } = options;
    this.#options = options;
    this.#silence = silences.open(`${url.replace(/\/+$/, '')} ${apiKey}`);
    this.#connection = new HttpConnection({
      url,
      apiKey,
      timeouts,
      broken: (task, reason, cause) => this.broken(task, reason, cause),
      help: `check that the training server runs there, and ${urlName}`,
    });
  }

  /** Why the server last refused the key; null once it accepts it. */
  get keyRefusal(): string | null {
    return this.#keyRefusal;
  }

  /** True once an answer of the server has shown whether it accepts the key. */
  get isKeyKnown(): boolean {
    return this.#isKeyKnown;
  }

  /** The server's answer, checked by the schema. Throws `PROVIDER_UNAVAILABLE` for one that does not fit. */
  async call<T>(call: Call, schema: ZodType<T>): Promise<T> {
    this.#keepQuiet(call.task);
    const answer = await this.#connection.ask(call);
    this.#check(answer, call);
    const parsed = schema.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw this.broken(call.task, 'its answer is not what a training server says', parsed.error);
  }

  /** The bytes of an event stream, which the caller must read at once; null where the server has no such route. */
  async stream(call: Call): Promise<AsyncIterable<Buffer> | null> {
    this.#keepQuiet(call.task);
    const opened = await this.#connection.stream(call);
    if ('chunks' in opened) return opened.chunks;
    const { answer } = opened;
    if (answer.status !== 404 || isOwnError(answer.body)) this.#check(answer, call);
    return null;
  }

  /** A file or a part of it, which the caller must read at once or return; no chunks where the range lies behind its end. */
  async file(call: Call): Promise<OutputAnswer> {
    this.#keepQuiet(call.task);
    const opened = await this.#connection.file(call);
    if ('chunks' in opened) return { ...opened, headers: textsOf(opened.headers) };
    const { status, headers } = opened.answer;
    if (status === 416) return { status, headers: textsOf(headers), chunks: null };
    this.#check(opened.answer, call);
    throw this.broken(call.task, 'its answer is not a file');
  }

  /** The error for a call that failed and may succeed another time: `PROVIDER_UNAVAILABLE`. */
  broken(task: string, reason: string, cause?: unknown): TrainyardError {
    const message = `Provider ${this.#options.provider} could not ${task}: ${reason}`;
    return new TrainyardError('PROVIDER_UNAVAILABLE', message, { cause });
  }

  /** The server's own words, made safe to show to clients. */
  wordsOf(words: string): string {
    return safeWords(words, this.#options.apiKey);
  }

  /** Ends every call that is under way. Closing twice is fine. */
  async close(): Promise<void> {
    this.#silence.close();
    await this.#connection.close();
  }

  #check(answer: Answer, call: Call): void {
    const { provider, urlName, apiKey, keyName } = this.#options;
    const { origin } = this.#connection;
    if (!call.keyless) this.#isKeyKnown = true;
    const { task } = call;
    const question = { provider, origin, task, urlName, secret: apiKey, keyName };
    const refusal = refusalOf(answer, question);
    if (answer.status === 401 || answer.status === 403) this.#keyRefusal = refusal?.message ?? null;
    else if (refusal === null && !call.keyless) this.#keyRefusal = null;
    if (refusal?.code === 'RATE_LIMITED') {
      const until = performance.now() + (refusal.retryAfterMs ?? 0);
      this.#silence.value.until = Math.max(this.#silence.value.until, until);
    }
    if (refusal !== null) throw refusal;
  }

  #keepQuiet(task: string): void {
    const retryAfterMs = Math.ceil(this.#silence.value.until - performance.now());
    if (retryAfterMs <= 0) return;
    const seconds = Math.ceil(retryAfterMs / 1000);
    const message = `Provider ${this.#options.provider} could not ${task}: the training server asked for no requests for another ${seconds} s`;
    throw new TrainyardError('RATE_LIMITED', message, { retryAfterMs });
  }
}

function textsOf(headers: Answer['headers']): Record<string, string> {
  const texts = Object.entries(headers).filter(
    (header): header is [string, string] => typeof header[1] === 'string',
  );
  return Object.fromEntries(texts);
}
