import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { produceLines } from './lines-source.ts';

// The floor: a bare WebSocket server that sends so many frames a second to everybody and knows nothing else.
const [framesPerSecond = 'Infinity'] = process.argv.slice(2);
const everyMs = 1000 / Number(framesPerSecond);
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
let offset = 0;
let gathered: string[] = [];
let dueAt = 0;

function broadcast(made: string[]): void {
  gathered.push(...made);
  const now = performance.now();
  if (now < dueAt) return;
  // Late frames are made up for, but not those of a long pause.
  dueAt = Math.max(dueAt, now - 2 * everyMs) + everyMs;
  const lines = gathered;
  gathered = [];
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
