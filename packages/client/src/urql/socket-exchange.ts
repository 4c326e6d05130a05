import { type Exchange, subscriptionExchange } from '@urql/core';
import type { Client } from 'graphql-ws/client';

/** Runs an urql client's subscriptions over a graphql-ws client; queries and mutations go on by HTTP. */
export function socketExchange(socket: Client): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', ...request }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query }, sink) }),
    }),
  });
}
