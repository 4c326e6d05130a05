import { GraphQLError } from 'graphql';
import { codeOf, errorCodes, TrainyardError } from '../../core/errors.ts';
import { shortened } from '../../lib/text/quote.ts';

/**
 * An error as a client may see it, with a code of the closed set. An error that was not thrown on purpose
 * becomes INTERNAL, without its message, and is passed to `unexpected`. Applying it twice changes nothing.
 */
export function publicError(error: unknown, unexpected: (error: unknown) => void): GraphQLError {
  const located = error instanceof GraphQLError ? error : null;
  const original = rootOf(error);
  if (original instanceof TrainyardError) {
    const retryAfter = original.retryAfterMs;
    return relocated(located, original.message, {
      ...original.details,
      code: codeOf(original),
      ...(retryAfter === undefined ? {} : { retryAfterMs: Math.ceil(retryAfter) }),
    });
  }
  // GraphQL itself throws a GraphQLError without an original error where the operation is wrong. Where
  // the error has no extensions, a compiled operation made it because a resolver broke the schema.
  if (original instanceof GraphQLError && original.extensions !== undefined) {
    const { http, code } = original.extensions;
    if (isCode(code)) return original;
    // The outermost message says where the mistake is, such as in which variable. It may quote a whole document.
    return relocated(located, shortened(located?.message ?? original.message), {
      code: 'BAD_USER_INPUT',
      ...(http === undefined ? {} : { http }),
    });
  }
  unexpected(original);
  return relocated(located, 'Something went wrong inside Trainyard; its log says what.', {
    code: 'INTERNAL',
  });
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

function isCode(code: unknown): boolean {
  return errorCodes.some((known) => known === code);
}

function relocated(
  located: GraphQLError | null,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLError {
  const { nodes, source, positions, path, locations } = located ?? {};
  const error = new GraphQLError(message, { nodes, source, positions, path, extensions });
  // Errors of compiled operations have lines and columns, but no nodes to calculate them from.
  if (locations && !error.locations)
    Object.defineProperty(error, 'locations', { value: locations });
  return error;
}
