import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { keepAlive } from '../../src/server/sockets/limits.ts';

test('ends a socket that never reads what answers its pings', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong: false });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => {});
  const opened = once(client, 'open');
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  await opened;
  const stop = keepAlive(socket, { everyMs: 60_000, mayGoOn: () => true });
  const closed = once(socket, 'close');
  let mostWaiting = 0;
  socket.on('ping', () => {
    mostWaiting = Math.max(mostWaiting, socket.bufferedAmount);
  });
  client.pause();
  const data = Buffer.alloc(125);
  const pinging = setInterval(() => {
    for (let n = 0; n < 5000 && client.readyState === WebSocket.OPEN; n += 1) client.ping(data);
  }, 5);
  await closed;
  clearInterval(pinging);
  stop();
  expect(mostWaiting).toBeLessThan(5 * 1024 * 1024);
  client.terminate();
  server.close();
});
