/**
 * Why an operation failed. `code` is the `extensions.code` of the server or of a gateway before it. It is
 * UNAUTHENTICATED where the socket was refused, and DISCONNECTED where it broke or could not be opened.
 */
export class GraphError extends Error {
  readonly code: string;
  /** How long the server asks to wait before the next try, in milliseconds; 0 where it does not say. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, options: { cause: unknown; retryAfterMs?: number }) {
    super(message, { cause: options.cause });
    this.name = 'GraphError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }

  /** True where another try would fail in the same way. */
  get definitive(): boolean {
    return definitiveCodes.has(this.code);
  }
}

const definitiveCodes: ReadonlySet<string> = new Set([
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'DATA_DAMAGED',
  // Gateways have these codes.
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
]);

/** Turns an error of a graphql-ws sink into a `GraphError`: GraphQL errors, a close event or any other failure. */
export function toGraphError(thrown: unknown): GraphError {
  if (thrown instanceof GraphError) return thrown;
  const [first] = Array.isArray(thrown) ? thrown : [];
  if (isRecord(first)) {
    const { code, retryAfterMs } = isRecord(first.extensions) ? first.extensions : {};
    return new GraphError(typeof code === 'string' ? code : 'INTERNAL', textOf(first.message), {
      cause: thrown,
      retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0,
    });
  }
  if (isRecord(thrown) && typeof thrown.code === 'number') {
    if (thrown.code === terminated) {
      return new GraphError('DISCONNECTED', 'The server does not answer.', { cause: thrown });
    }
    const reason = textOf(thrown.reason) || 'no reason given';
    return new GraphError(
      socketCodes[thrown.code] ?? 'DISCONNECTED',
      `The connection was closed: ${reason} (${thrown.code}).`,
      { cause: thrown },
    );
  }
  const why = isRecord(thrown) ? textOf(thrown.message) : '';
  return new GraphError('DISCONNECTED', why || 'The connection failed.', { cause: thrown });
}

/** The close code of graphql-ws for a connection that its own side ended. */
const terminated = 4499;

/** The close codes of graphql-transport-ws after which another try would fail in the same way. */
const socketCodes: Readonly<Record<number, string>> = {
  4400: 'BAD_USER_INPUT',
  4401: 'UNAUTHENTICATED',
  4403: 'UNAUTHENTICATED',
  4406: 'BAD_USER_INPUT',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
