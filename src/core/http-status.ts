import type { ErrorCode } from './errors.ts';

/** The HTTP status for each code, on every route of both servers that does not speak GraphQL. */
export const httpStatuses = {
  NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CONFLICT: 409,
  PROVIDER_UNAVAILABLE: 503,
  PROVIDER_REJECTED: 422,
  NOT_SUPPORTED: 501,
  RATE_LIMITED: 429,
  STORE_UNAVAILABLE: 503,
  DATA_DAMAGED: 500,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;
