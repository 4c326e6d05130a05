import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { TrainyardError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { GraphContext } from '../../graphql/engine/context.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { Access } from '../checks/access.ts';
import { errorBody, internal } from '../checks/refusal.ts';
import { graphqlPath } from '../graph/yoga.ts';
import { healthRoutes } from './health.ts';
import { logTextRoutes } from './log-text.ts';
import { statusOf } from './status.ts';

export interface RestOptions {
  access: Access;
  context: Pick<GraphContext, 'logReader'>;
  store: Store;
  providers: Providers;
  logger: Logger;
  /** True once the server has begun to stop. */
  closing: () => boolean;
}

/** Every route beside GraphQL's. */
export function createRestRoutes(options: RestOptions): Hono<{ Bindings: HttpBindings }> {
  const { context, logger } = options;
  return new Hono<{ Bindings: HttpBindings }>()
    .get('/', (c) => c.redirect(graphqlPath))
    .route('/health', healthRoutes(options))
    .route('/jobs', logTextRoutes({ reader: context.logReader, logger }))
    .notFound((c) => {
      const message = `Nothing is here. Try ${graphqlPath}.`;
      return c.json(errorBody({ code: 'NOT_FOUND', message }), 404);
    })
    .onError((error, c) => {
      if (error instanceof TrainyardError) return c.json(errorBody(error), statusOf(error));
      logger.error({ err: error }, 'a request met a defect');
      return c.json(errorBody(internal), internal.status);
    });
}
