import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

/** What becomes of a result on its way to a client. */
export type Fate = 'pass' | 'drop' | 'repeat';

export interface LossyGateway extends AsyncDisposable {
  /** Where clients connect instead: `http://127.0.0.1:PORT`. */
  readonly url: string;
}

/** A graphql-ws proxy that loses and repeats results of subscriptions, as gateways do for slow clients. */
export async function openLossyGateway(
  target: string,
  fateOf: (result: { logStream: { offset: number; nextOffset: number } }) => Fate,
): Promise<LossyGateway> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client) => {
    const upstream = new WebSocket(
      `${target.replace(/^http/, 'ws')}/graphql`,
      'graphql-transport-ws',
    );
    const opened = once(upstream, 'open');
    client.on('message', async (message: RawData) => {
      await opened;
      upstream.send(String(message));
    });
    upstream.on('message', (message: RawData) => {
      const { type, payload } = JSON.parse(String(message));
      const fate = type === 'next' && payload.data?.logStream ? fateOf(payload.data) : 'pass';
      if (fate === 'drop') return;
      client.send(String(message));
      if (fate === 'repeat') client.send(String(message));
    });
    client.on('close', () => upstream.close());
    upstream.on('close', () => client.close());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
