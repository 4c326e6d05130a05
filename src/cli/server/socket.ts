import { type Client, createClient } from 'graphql-ws/client';
import type { ClientSettings } from '../../config/client.ts';

/** A silent connection is asked for a sign of life so often. */
const pingMs = 15_000;
/** An answer that takes longer will not come: the connection is given up. */
const pongMs = 10_000;

/** A graphql-ws client that does not reconnect by itself, and that notices a connection gone dead. */
export function openSocket({ url, token }: ClientSettings): Client & AsyncDisposable {
  let impatience: NodeJS.Timeout | undefined;
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    retryAttempts: 0,
    keepAlive: pingMs,
    // Errors reach the operations that they end.
    onNonLazyError: () => {},
    on: {
      ping: (received) => {
        if (!received) impatience = setTimeout(() => client.terminate(), pongMs).unref();
      },
      pong: () => clearTimeout(impatience),
      closed: () => clearTimeout(impatience),
    },
  });
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      clearTimeout(impatience);
      await client.dispose();
    },
  });
}
