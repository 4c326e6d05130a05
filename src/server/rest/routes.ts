import type { IncomingMessage, ServerResponse } from 'node:http';
import { TrainyardError } from '../../core/errors.ts';
import { httpStatuses } from '../../core/http-status.ts';
import type { Store } from '../../core/store.ts';
import type { SharedContext } from '../../graphql/engine/context.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { Pace } from '../../logs/read/pace.ts';
import type { Access } from '../checks/access.ts';
import { answerJson } from '../checks/answer-json.ts';
import { errorBody } from '../checks/refusal.ts';
import type { Unsent } from '../connections/unsent.ts';
import { graphqlPath } from '../graph/yoga.ts';
import { readiness } from './health.ts';
import { createLogText } from './log-text.ts';
import { createOutputFiles } from './output.ts';

export interface RestOptions {
  access: Access;
  context: Pick<SharedContext, 'logReader' | 'outputs'>;
  store: Store;
  providers: Providers;
  logger: Logger;
  unsent: Unsent;
  /** True once the server has begun to stop. */
  closing: () => boolean;
}

type ServeRest = (request: IncomingMessage, response: ServerResponse, pace: Pace) => Promise<void>;

/** Serves every route besides GraphQL's. All take only GET and HEAD. */
export function createRestRoutes(options: RestOptions): ServeRest {
  const { context, logger, unsent } = options;
  const logText = createLogText({ reader: context.logReader, logger, unsent });
  const outputFile = createOutputFiles({ outputs: context.outputs, logger, unsent });
  const route: ServeRest = async (request, response, pace) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = isRead ? url?.pathname : undefined;
    if (path === '/') return void response.writeHead(302, { Location: graphqlPath }).end();
    if (path === '/health/live') return answerJson(response, 200, { status: 'ok' });
    if (path === '/health/ready') {
      const { httpStatus, body } = await readiness(options, request.headers.authorization);
      return answerJson(response, httpStatus, body);
    }
    const [, id] = /^\/jobs\/([^/]+)\/log$/.exec(path ?? '') ?? [];
    if (url && id !== undefined) {
      const asked = { id: decoded(id), search: url.searchParams };
      return logText(request, response, { ...asked, pace });
    }
    const [, jobId, file] = /^\/jobs\/([^/]+)\/outputs\/(.+)$/.exec(path ?? '') ?? [];
    if (jobId !== undefined && file !== undefined) {
      const asked = { id: decoded(jobId), path: file.split('/').map(decoded).join('/') };
      return outputFile(request, response, asked);
    }
    const message = `Nothing is here. Try ${graphqlPath}.`;
    answerJson(response, 404, errorBody({ code: 'NOT_FOUND', message }));
  };
  return async (request, response, pace) => {
    try {
      await route(request, response, pace);
    } catch (error) {
      if (!(error instanceof TrainyardError) || response.headersSent) throw error;
      answerJson(response, httpStatuses[error.code], errorBody(error));
    }
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
