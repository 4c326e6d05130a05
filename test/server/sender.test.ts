import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { SocketSender } from '../../src/server/sender.ts';

// Whoever streams a log awaits each send. Were a send to a dying socket done at once, the log would be
// read to its end in one go, with nobody else served meanwhile.
test('lets go of who sends to a dying socket only when that is closed', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  const sender = new SocketSender(socket);
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });

  socket.terminate();
  await sender.send('too late');
  expect(closed).toBe(true);
  await sender.send('later still');
  server.close();
  client.terminate();
});
