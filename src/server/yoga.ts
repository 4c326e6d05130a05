import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import { GraphQLError } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { TrainyardError } from '../core/errors.ts';
import type { GraphContext } from '../graphql/context.ts';
import { publicError } from '../graphql/errors.ts';
import { createExecutor } from '../graphql/execute.ts';
import { schema } from '../graphql/schema.ts';
import { createSubscriber } from '../graphql/subscribe.ts';
import type { Logger } from '../lib/logger.ts';
import type { Access } from './access.ts';
import { createDocumentCaches } from './documents.ts';
import { renderGraphiQL } from './graphiql.ts';

/** The largest request body, in bytes. */
export const maxBodyBytes = 256 * 1024;
/** Where GraphQL is served. */
export const graphqlPath = '/graphql';

/** The GraphQL pipeline for HTTP, server-sent events and, by `getEnveloped`, WebSocket. */
export function createGraphServer(options: {
  context: GraphContext;
  access: Access;
  logger: Logger;
}) {
  const { context, access, logger } = options;
  const unexpected = (error: unknown) => logger.error({ err: error }, 'an operation met a defect');
  return createYoga<object, GraphContext>({
    schema,
    context: () => context,
    graphqlEndpoint: graphqlPath,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: (request) => {
      const origin = request.headers.get('origin');
      return origin && access.allowsOrigin(origin)
        ? { origin, methods: ['GET', 'POST'], allowedHeaders: ['authorization', 'content-type'] }
        : false;
    },
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: createDocumentCaches(),
    // Unexpected errors are logged once, by `unexpected`; Yoga would log every masked one again.
    logging: false,
    maskedErrors: { maskError: (error) => publicError(error, unexpected) },
    graphiql: true,
    renderGraphiQL,
    plugins: [
      maxTokensPlugin({ n: 2000 }),
      maxDepthPlugin({ n: 12 }),
      maxAliasesPlugin({ n: 30 }),
      closedCodes(unexpected),
      fastExecution(),
    ],
  });
}

/** Gives errors that never reach a resolver, such as a wrong field's, a code out of the closed set. */
function closedCodes(unexpected: (error: unknown) => void): Plugin {
  return {
    onParse() {
      return ({ result, replaceParseResult }) => {
        if (result instanceof Error) replaceParseResult(publicError(result, unexpected));
      };
    },
    onValidate() {
      return ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map((error) => publicError(error, unexpected)));
      };
    },
  };
}

function fastExecution(): Plugin {
  const execute = createExecutor();
  const subscribe = createSubscriber(execute);
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  };
}

/** An error for a client that speaks GraphQL, before there is an operation. */
export function graphError(error: TrainyardError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { ...error.details, code: error.code } });
}
