import { TrainyardError } from '../../../core/errors.ts';
import { type Answer, isObject, retryAfterOf, safeWords } from '../../http/answer.ts';

/** The call that was answered. */
export interface Question {
  provider: string;
  /** Completes "could not …" in the message, such as `deploy job abc`. */
  task: string;
  /** The account's key. It is removed from RunPod's words, which clients see. */
  secret: string;
  /** The setting that holds the key, such as `RUNPOD_API_KEY`. */
  keyName: string;
  /** The values of the caller's variables in the call. They are removed from RunPod's words, too. */
  values: readonly string[];
}

/** How long to wait after a 429 without a readable Retry-After. */
const defaultRetryMs = 5000;
/** A shorter value is no secret, and may occur inside other words. */
const minValueChars = 6;

/** The error to throw for an answer that is a refusal, with the HTTP status in its details; null for any other. */
export function refusalOf(answer: Answer, question: Question): TrainyardError | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return null;
  const own = wordsOf(answer.body, question);
  const words = own ?? (answer.text ? hidden(answer.text, question) : null);
  const said = words === null ? `it answered HTTP ${status}` : `it answered "${words}" (${status})`;
  const refused = `Provider ${question.provider} could not ${question.task}: `;
  const details = {
    httpStatus: status,
    ...(words === null ? {} : { words }),
    ...(own === null ? { foreign: true } : {}),
  };
  const retryAfterMs = retryAfterOf(answer);

  if (status === 429) {
    return new TrainyardError('RATE_LIMITED', `${refused}too many requests, ${said}`, {
      retryAfterMs: retryAfterMs ?? defaultRetryMs,
      details,
    });
  }
  if (status === 401) {
    const help = `set ${question.keyName} to a key of your RunPod account`;
    return new TrainyardError(
      'PROVIDER_UNAVAILABLE',
      `${refused}RunPod does not accept the API key, ${said}; ${help}`,
      { details },
    );
  }
  if (status === 403 && own === null) {
    const help = 'this answer is not from RunPod: a gateway or proxy before it refused the call';
    return new TrainyardError('PROVIDER_UNAVAILABLE', `${refused}${said}; ${help}`, { details });
  }
  if (status === 403) {
    const help = `the key of ${question.keyName} may not do this`;
    return new TrainyardError('PROVIDER_UNAVAILABLE', `${refused}${said}; ${help}`, { details });
  }
  // A 404 that RunPod did not word itself comes from something else at that address.
  if (status === 404 && own !== null) {
    return new TrainyardError('NOT_FOUND', `${refused}${said}`, { details });
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    const help = "this does not look like RunPod's API, check RUNPOD_API_URL";
    return new TrainyardError('PROVIDER_UNAVAILABLE', `${refused}${said}; ${help}`, { details });
  }
  if (status >= 500 || status === 408) {
    const options = retryAfterMs === null ? { details } : { details, retryAfterMs };
    return new TrainyardError('PROVIDER_UNAVAILABLE', `${refused}${said}`, options);
  }
  const paid = status === 402 ? "the RunPod account's balance is used up, " : '';
  return new TrainyardError('PROVIDER_REJECTED', `${refused}${paid}${said}`, { details });
}

/** The HTTP status of the refusal that an error is; null for any other error. */
export function httpStatusOf(error: unknown): number | null {
  const status = error instanceof TrainyardError ? error.details.httpStatus : null;
  return typeof status === 'number' ? status : null;
}

/** True for a refusal that RunPod did not word itself, such as that of a gateway before it. */
export function isForeign(error: unknown): boolean {
  return error instanceof TrainyardError && error.details.foreign === true;
}

/** The words of a refusal: RunPod's `detail` and `errors`, or a gateway's plain text; null where it had none. */
export function wordsIn(error: unknown): string | null {
  const words = error instanceof TrainyardError ? error.details.words : null;
  return typeof words === 'string' ? words : null;
}

function wordsOf(body: unknown, question: Question): string | null {
  if (!isObject(body)) return null;
  const { title, detail, errors } = body;
  const told = [detail || title, ...(Array.isArray(errors) ? errors.slice(0, 5) : [])];
  const words = told.filter((word) => typeof word === 'string' && word.trim() !== '').join('; ');
  return words === '' ? null : hidden(words, question);
}

function hidden(words: string, { secret, values }: Question): string {
  return safeWords(withoutValues(words, values), secret);
}

/**
 * Hides each value, whole and line by line, as it is, as JSON has it, and as JSON inside JSON has it. Do this before
 * words are shortened or flattened: parts of a value would not be found.
 */
function withoutValues(words: string, values: readonly string[]): string {
  const forms = values
    .flatMap((value) => [value, ...value.split(/[\r\n]+/)])
    .flatMap((form) => [form, quoted(form), quoted(quoted(form))])
    .filter((form) => form.length >= minValueChars);
  // The longest come first, because one value may hold another.
  forms.sort((a, b) => b.length - a.length);
  return forms.reduce((text, form) => text.replaceAll(form, '[value]'), words);
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
