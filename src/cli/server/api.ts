import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql/language/printer.js';
import type { ClientSettings } from '../../config/client.ts';
import { CommandError, exitCode } from '../exit.ts';

/** How long the server may take for one answer. A deploy alone may wait 8 s for its provider. */
const answerTimeoutMs = 30_000;

export interface ApiError {
  message: string;
  extensions?: { code?: string };
}

/** Makes queries and mutations over HTTP. */
export class Api {
  readonly settings: ClientSettings;
  /** The words of a command as they can be typed, beginning with how this program was started; for the same server. */
  readonly hint: (words: string) => string;

  constructor(settings: ClientSettings, hint: (words: string) => string) {
    this.settings = settings;
    this.hint = hint;
  }

  /** The error for an operation that the server refused. Its message begins with the API's code. */
  refusal({ message, extensions: { code = 'INTERNAL' } = {} }: ApiError): CommandError {
    const advice =
      code === 'PROVIDER_UNAVAILABLE' ? `See \`${this.hint('providers')}\`.` : advices[code];
    return new CommandError(exitCode.refused, `${code}: ${message}${advice ? ` ${advice}` : ''}`);
  }

  /** The error for a server that cannot be reached or does not answer. */
  unreachable(cause: unknown): CommandError {
    const why =
      cause instanceof Error && cause.name === 'TimeoutError'
        ? `has not answered for ${answerTimeoutMs / 1000} s`
        : `cannot be reached (${reasonOf(cause)})`;
    return new CommandError(
      exitCode.unreachable,
      `${this.settings.url} ${why}. Start a server with \`${this.hint('serve')}\`, or name another one with --url or TRAINYARD_URL.`,
      { cause },
    );
  }

  /** Resolves to the data of one operation. Any other answer rejects with a `CommandError` that says what to do. */
  async ask<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Result, Variables>,
    variables: Variables,
    signal: AbortSignal = AbortSignal.timeout(answerTimeoutMs),
  ): Promise<Result> {
    const { url, token } = this.settings;
    let response: Response;
    let body: string;
    try {
      response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify({ query: print(document), variables }),
        signal,
      });
      body = await response.text();
    } catch (error) {
      throw this.unreachable(error);
    }
    const { data, errors } = parseAnswer(url, body, response.status);
    if (errors?.[0]) throw this.refusal(errors[0]);
    if (!data) throw notTrainyard(url, response.status);
    return data as Result;
  }
}

interface Answer {
  data?: unknown;
  errors?: ApiError[];
}

function parseAnswer(url: string, body: string, status: number): Answer {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {
    // The error below holds for this answer, too.
  }
  throw notTrainyard(url, status);
}

const advices: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Set TRAINYARD_TOKEN, or give --token.',
  RATE_LIMITED: 'Try again later.',
  STORE_UNAVAILABLE: 'Try again in a moment.',
};

/** The reason why a request failed, which `fetch` puts into the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

function notTrainyard(url: string, status: number): CommandError {
  return new CommandError(
    exitCode.refused,
    `${url} answers with HTTP ${status}, but not as a Trainyard server does. Check --url and TRAINYARD_URL.`,
  );
}
