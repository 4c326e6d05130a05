/**
 * Why an operation failed. `code` is the `extensions.code` of the server or of a gateway before it;
 * UNAUTHENTICATED where the socket was refused, DISCONNECTED where it broke or could not be opened.
 */
export class GraphError extends Error {
  readonly code: string;
  /** How long not to ask again, in milliseconds, where the server says so; else 0. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, options: { cause: unknown; retryAfterMs?: number }) {
    super(message, { cause: options.cause });
    this.name = 'GraphError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }

  /** Whether asking again would give the same answer. */
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
  // Words of gateways.
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
]);

/** What a graphql-ws sink is told as an error: GraphQL errors, a close event, or whatever broke the socket. */
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

/** What graphql-ws says of a connection that its own side gave up. */
const terminated = 4499;

/** The close codes of graphql-transport-ws after which trying again is of no use. */
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
