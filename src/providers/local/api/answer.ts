import { TrainyardError } from '../../../core/errors.ts';
import { type Answer, isObject, retryAfterOf, safeWords } from '../../http/answer.ts';

/** The call that was answered. */
export interface Question {
  provider: string;
  origin: string;
  /** Completes "could not …" in the message, such as `deploy job abc`. */
  task: string;
  /** The key. It is removed from the server's words, which clients see. */
  secret: string | null;
  /** The setting that holds the address. */
  urlName?: string | undefined;
  /** The setting that holds the key. */
  keyName?: string | undefined;
}

/** How long to wait after a 429 without a readable Retry-After. */
const defaultRetryMs = 1000;

/**
 * The error to throw for an answer that is a refusal; null for any other. A `success` in the body counts more than
 * the HTTP status, because the two disagree in answers of the existing servers.
 */
export function refusalOf(answer: Answer, question: Question): TrainyardError | null {
  const { status, body } = answer;
  const { urlName = 'TRAINING_SERVER_URL', keyName = 'TRAINING_SERVER_API_KEY' } = question;
  if (successOf(body) ?? (status >= 200 && status < 300)) return null;
  const words = wordsOf(body, question.secret);
  const retryAfterMs = retryAfterOf(answer);
  const details = { httpStatus: status };
  const said = words === null ? `it answered HTTP ${status}` : `it answered "${words}" (${status})`;
  const refused = `Provider ${question.provider} could not ${question.task}: `;

  if (status === 429) {
    return new TrainyardError('RATE_LIMITED', `${refused}too many requests, ${said}`, {
      retryAfterMs: retryAfterMs ?? defaultRetryMs,
      details,
    });
  }
  if (status === 401 || status === 403) {
    const help = `set ${keyName} to the key that the training server expects`;
    return new TrainyardError(
      'PROVIDER_UNAVAILABLE',
      `${refused}the training server does not accept the API key, ${said}; ${help}`,
      { details },
    );
  }
  if (status === 404 && isObject(body)) {
    return new TrainyardError('NOT_FOUND', `${refused}${said}`, { details });
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    const help = `this does not look like a training server, check ${urlName}`;
    return new TrainyardError(
      'PROVIDER_UNAVAILABLE',
      `${refused}${question.origin}: ${said}; ${help}`,
      { details },
    );
  }
  if (status >= 500 || status === 408) {
    const options = retryAfterMs === null ? { details } : { details, retryAfterMs };
    return new TrainyardError('PROVIDER_UNAVAILABLE', `${refused}${said}`, options);
  }
  return new TrainyardError('PROVIDER_REJECTED', `${refused}${said}`, { details });
}

/** True for an error body of Trainyard's own training server: `{error, code}`. */
export function isOwnError(body: unknown): boolean {
  return isObject(body) && typeof body.error === 'string' && typeof body.code === 'string';
}

function successOf(body: unknown): boolean | null {
  return isObject(body) && typeof body.success === 'boolean' ? body.success : null;
}

/** The server's own words: `error`, `message` or `detail`, in this order. `detail` may be a list of `{loc, msg}`. */
function wordsOf(body: unknown, secret: string | null): string | null {
  if (!isObject(body)) return null;
  for (const value of [body.error, body.message, body.detail]) {
    const words = Array.isArray(value) ? value.slice(0, 5).map(complaintOf).join('; ') : value;
    if (typeof words !== 'string' || words.trim() === '') continue;
    return safeWords(words, secret);
  }
  return null;
}

function complaintOf(item: unknown): string {
  if (!isObject(item)) return String(item);
  const field = Array.isArray(item.loc) ? item.loc.join('.') : '';
  const message = typeof item.msg === 'string' ? item.msg : 'not accepted';
  return field === '' ? message : `${field}: ${message}`;
}
