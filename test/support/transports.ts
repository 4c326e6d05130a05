import { createParser } from 'eventsource-parser';
import { type GraphResult, graphSocket } from './clients.ts';
import { send } from './http.ts';

export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

type Ask = (url: string, operation: Operation) => Promise<GraphResult>;

/** The first answer to an operation over each transport; a refused operation's errors look alike over all. */
export const transports: Record<'POST' | 'GET' | 'server-sent events' | 'graphql-ws', Ask> = {
  POST: (url, operation) => post(url, operation, 'application/json'),
  async GET(url, { query, variables, operationName }) {
    const search = new URLSearchParams({ query });
    if (variables) search.set('variables', JSON.stringify(variables));
    if (operationName) search.set('operationName', operationName);
    const headers = { accept: 'application/json' };
    return (await send(url, { path: `/graphql?${search}`, headers })).json;
  },
  'server-sent events': (url, operation) => post(url, operation, 'text/event-stream'),
  async 'graphql-ws'(url, operation) {
    using client = graphSocket(url);
    try {
      for await (const result of client.iterate({ ...operation })) return result as GraphResult;
    } catch (errors) {
      if (Array.isArray(errors)) return { errors };
      throw errors;
    }
    throw new Error('the operation ended without a result');
  },
};

async function post(url: string, operation: Operation, accept: string): Promise<GraphResult> {
  const { json, text } = await send(url, {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(operation),
  });
  if (json) return json;
  const results: GraphResult[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === 'next') results.push(JSON.parse(data));
    },
  });
  parser.feed(text);
  if (!results[0]) throw new Error(`no event in ${JSON.stringify(text)}`);
  return results[0];
}
