/** The closed set of `extensions.code` values that a client can meet. */
export const errorCodes = [
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'CONFLICT',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REJECTED',
  'NOT_SUPPORTED',
  'RATE_LIMITED',
  'STORE_UNAVAILABLE',
  'DATA_DAMAGED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorOptions {
  cause?: unknown;
  /** How long a caller should wait before it tries again, in milliseconds; for `RATE_LIMITED` and `PROVIDER_UNAVAILABLE`. */
  retryAfterMs?: number;
  /** Facts for the client, shown beside the code in `extensions`. Never a secret. */
  details?: Record<string, unknown>;
}

/** An error thrown on purpose: its message may be shown to a client. All others are masked. */
export class TrainyardError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TrainyardError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** The code of an error that was thrown on purpose, else `INTERNAL`. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof TrainyardError ? error.code : 'INTERNAL';
}

/** One line of text for a log or a failure message; never a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
