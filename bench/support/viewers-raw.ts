import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { produceLines } from './lines-source.ts';

// The floor: a bare WebSocket server that sends the same frames to everybody and knows nothing else.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
let offset = 0;

function broadcast(lines: string[]): void {
  const logStream = { offset, nextOffset: offset + lines.length, lines };
  offset += lines.length;
  const frame = JSON.stringify({ id: 'x', type: 'next', payload: { data: { logStream } } });
  for (const client of server.clients) client.send(frame);
}

server.on('connection', (socket) => {
  socket.once('message', () => socket.send('{"type":"connection_ack"}'));
});
server.on('listening', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}`, jobId: 'raw' });
});
process.once('message', (perSecond) => {
  void produceLines(Number(perSecond), broadcast, new AbortController().signal);
});
process.once('disconnect', () => process.exit());
