import type { Api, ApiError } from '../server/api.ts';

/** A server that sends nothing for this long is asked again. */
const silenceMs = 30_000;

/** A stretch of a file, from byte `from` to its end. */
interface FileRest {
  /** Changes when the file does. */
  etag: string;
  /** Null where the server does not say it. */
  bytes: number | null;
  from: number;
  chunks: AsyncIterable<Uint8Array>;
}

/** The connection broke, or was silent; what is missing can be asked for again. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** One file of the server's, at a path such as `/jobs/ID/outputs/PATH`. */
export class RemoteFile {
  readonly #api: Api;
  readonly #path: string;

  constructor(api: Api, path: string) {
    this.#api = api;
    this.#path = path;
  }

  /**
   * Asks for the file behind its first bytes, as long as it is still the one of this ETag: else, and without one, it
   * comes whole. Throws `Interrupted`, or a `CommandError` where the server refuses.
   */
  async open(known: { etag: string; from: number } | null, signal: AbortSignal): Promise<FileRest> {
    const silence = new Silence(signal);
    const response = await this.#fetch('GET', rangeOf(known), silence);
    const { headers } = response;
    const etag = headers.get('etag') ?? '';
    // Of a file that is here already there is no rest: `bytes */10`.
    const [, start = known?.from, total] =
      /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
    const chunks = this.#chunks(response, silence);
    if (total === undefined) return { etag, from: 0, bytes: lengthOf(headers), chunks };
    return { etag, from: Number(start), bytes: Number(total), chunks };
  }

  /** The SHA-256 of the whole file in base64, which the server reads for it; null where it gives none. */
  async digest(etag: string, signal: AbortSignal): Promise<string | null> {
    const silence = new Silence(signal, null);
    const { headers } = await this.#fetch('HEAD', { 'want-repr-digest': 'sha-256=1' }, silence);
    // Of another file the digest would say nothing.
    if (headers.get('etag') !== etag) return null;
    return /(?:^|,)\s*sha-256=:([\w+/=]+):/.exec(headers.get('repr-digest') ?? '')?.[1] ?? null;
  }

  async #fetch(
    method: 'GET' | 'HEAD',
    headers: Record<string, string>,
    silence: Silence,
  ): Promise<Response> {
    const { url, token } = this.#api.settings;
    const access: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    let response: Response;
    try {
      silence.begin();
      const all = { ...headers, ...access, 'accept-encoding': 'identity' };
      response = await fetch(url + this.#path, { method, headers: all, signal: silence.signal });
    } catch (error) {
      throw silence.failure(error);
    }
    if (response.ok || (response.status === 416 && response.headers.has('etag'))) return response;
    silence.end();
    throw this.#api.refusal(await errorOf(response));
  }

  async *#chunks(response: Response, silence: Silence): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of response.body ?? []) {
        silence.end();
        yield chunk;
        silence.begin();
      }
    } catch (error) {
      throw silence.failure(error);
    } finally {
      silence.end();
    }
  }
}

function rangeOf(known: { etag: string; from: number } | null): Record<string, string> {
  if (known === null || known.from === 0) return {};
  return { range: `bytes=${known.from}-`, 'if-range': known.etag };
}

function lengthOf(headers: Headers): number | null {
  const length = headers.get('content-length');
  return length === null ? null : Number(length);
}

async function errorOf(response: Response): Promise<ApiError> {
  const message = `The server answered HTTP ${response.status}.`;
  try {
    const body: unknown = await response.json();
    if (isErrorBody(body) && body.errors[0]) return body.errors[0];
  } catch {
    // Whatever it is, it is not an error of Trainyard's.
  }
  return { message };
}

function isErrorBody(body: unknown): body is { errors: ApiError[] } {
  return (
    typeof body === 'object' && body !== null && 'errors' in body && Array.isArray(body.errors)
  );
}

/** Ends a call when the server has sent nothing for too long, or when the caller's signal is aborted. */
class Silence {
  readonly #controller = new AbortController();
  readonly #given: AbortSignal;
  readonly #ms: number | null;
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(given: AbortSignal, ms: number | null = silenceMs) {
    this.#given = given;
    this.#ms = ms;
    this.signal = AbortSignal.any([given, this.#controller.signal]);
  }

  begin(): void {
    this.end();
    if (this.#ms === null) return;
    const reason = new Interrupted(`it has sent nothing for ${this.#ms / 1000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** What to throw for an error of `fetch`. */
  failure(error: unknown): unknown {
    this.end();
    if (this.#given.aborted) return this.#given.reason;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return new Interrupted(cause instanceof Error ? cause.message : String(cause), {
      cause: error,
    });
  }
}
