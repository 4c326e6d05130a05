import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Unsent } from '../../src/server/connections/unsent.ts';
import { SocketSender } from '../../src/server/sockets/sender.ts';
import { WriteBatch } from '../../src/server/sockets/write-batch.ts';

// Whoever streams a log awaits each send. Were a send to a dying socket done at once, the log would be
// read to its end in one go, with nobody else served meanwhile.
test('lets go of who sends to a dying socket only when that is closed', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => {});
  const [socket, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  const sender = new SocketSender(socket, {
    connection: request.socket,
    writes: new WriteBatch(),
    unsent: new Unsent(),
  });
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

test.each([126, 65_535, 65_536, 200_000])(
  'a shared message of %i bytes arrives whole, between others',
  async (length) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const arrived: string[] = [];
    client.on('message', (data, isBinary) => arrived.push(isBinary ? 'binary' : String(data)));
    const [socket, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
    const sender = new SocketSender(socket, {
      connection: request.socket,
      writes: new WriteBatch(),
      unsent: new Unsent(),
    });
    const head = '{"id":"é","payload":';
    const tail = Buffer.from('x'.repeat(length - Buffer.byteLength(head)));

    const sent = ['before', { head, tail }, { head, tail }, 'after'].map((it) => sender.send(it));
    await Promise.all(sent);
    socket.close();
    await once(client, 'close');
    expect(arrived).toEqual(['before', `${head}${tail}`, `${head}${tail}`, 'after']);
    server.close();
  },
);
