import { type Exchange, subscriptionExchange } from '@urql/core';
import type { Client } from 'graphql-ws/client';

/** The exchange that sends an urql client's subscriptions over a graphql-ws client, and nothing else. */
export function socketExchange(socket: Client): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', ...request }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query }, sink) }),
    }),
  });
}
