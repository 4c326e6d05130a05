import { codeOf, type ErrorCode } from '../../core/errors.ts';

const statuses = {
  NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CONFLICT: 409,
  PROVIDER_UNAVAILABLE: 503,
  PROVIDER_REJECTED: 422,
  RATE_LIMITED: 429,
  STORE_UNAVAILABLE: 503,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/** The HTTP status for an error, on routes that do not speak GraphQL. */
export function statusOf(error: unknown): (typeof statuses)[ErrorCode] {
  return statuses[codeOf(error)];
}
