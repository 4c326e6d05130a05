import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { type DocumentNode, GraphQLError, type ParseOptions, parse, type Source } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { SharedContext } from '../../graphql/engine/context.ts';
import { publicError } from '../../graphql/engine/errors.ts';
import { createExecutor, type Execute, withinRoom } from '../../graphql/engine/execute.ts';
import { createSubscriber, type Subscriber } from '../../graphql/engine/subscribe.ts';
import { schema } from '../../graphql/schema.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { PagePool } from '../../logs/read/page-room.ts';
import { createDocumentCaches } from './documents.ts';

/** The largest request body, in bytes. */
export const maxBodyBytes = 256 * 1024;
/** The most tokens (words and punctuation marks) of one document. */
const maxTokens = 2000;
/** The most errors that are reported for one operation; they are cached with its document. */
const maxErrors = 10;
/** Where GraphQL is served. */
export const graphqlPath = '/graphql';

export interface GraphServer {
  readonly yoga: YogaServerInstance<object, SharedContext>;
  /** An error as a client may see it. One that nobody threw on purpose is masked, and logged once. */
  publicError(error: unknown): GraphQLError;
  /** Begins a subscription; its errors are as clients may see them. */
  readonly subscribe: Subscriber;
}

/** The GraphQL pipeline that every transport uses by `getEnveloped`. */
export function createGraphServer(options: {
  context: SharedContext;
  logger: Logger;
}): GraphServer {
  const { context, logger } = options;
  const mask = (error: unknown) =>
    publicError(error, (unexpected) =>
      logger.error({ err: unexpected }, 'an operation met a defect'),
    );
  const onFailure = (error: unknown) =>
    logger.warn({ err: error }, 'an operation could not be compiled');
  const execute = withinRoom(createExecutor({ onFailure }), new PagePool());
  const yoga = createYoga<object, SharedContext>({
    schema,
    context: () => context,
    landingPage: false,
    graphiql: false,
    parserAndValidationCache: createDocumentCaches(),
    // Unexpected errors are logged once, by `mask`; Yoga would log every masked one again.
    logging: false,
    maskedErrors: { maskError: mask },
    plugins: [maxAliasesPlugin({ n: 30 }), closedCodes(mask), fastExecution(execute)],
  });
  // Yoga's own pipeline would add five steps of promises to each event of each viewer.
  return { yoga, publicError: mask, subscribe: createSubscriber(execute, mask) };
}

/** Gives errors of parsing and validation, such as an unknown field, a code of the closed set. */
function closedCodes(mask: (error: unknown) => GraphQLError): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
      return ({ result, replaceParseResult }) => {
        if (result instanceof Error) replaceParseResult(mask(result));
      };
    },
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document, rules) => {
        try {
          return validateFn(schema, document, rules, { maxErrors });
          // Unlike rules, which report errors, the limits throw them.
        } catch (error) {
          return [mask(error)];
        }
      });
      return ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map(mask));
      };
    },
  };
}

function parseWithinLimits(source: string | Source, options?: ParseOptions): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens });
  } catch (error) {
    // The parser is recursive: four calls for each level of brackets.
    if (error instanceof RangeError) throw new GraphQLError('The operation nests too deeply.');
    throw error;
  }
}

function fastExecution(execute: Execute): Plugin {
  return { onExecute: ({ setExecuteFn }) => setExecuteFn(execute) };
}
