import { createSocket } from '@trainyard/client';
import type { Client } from 'graphql-ws/client';
import type { ClientSettings } from '../../config/client.ts';

/** Opens a graphql-ws client that does not reconnect by itself: those who follow reconnect, and say so. */
export function openSocket({ url, token }: ClientSettings): Client & AsyncDisposable {
  const client = createSocket({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    retryAttempts: 0,
  });
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.dispose() });
}
