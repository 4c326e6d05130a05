import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trainingLog } from './training-log.ts';

// The floor: the same answer out of memory, turned into JSON at every request.
const offset = 50_000;
const lines = trainingLog(offset, 1000);
const time = new Date().toISOString();
const plain = {
  lines,
  offset,
  nextOffset: offset + 1000,
  total: 200_000,
  hasMore: true,
  complete: true,
};
const entries = lines.map((text, index) => ({ offset: offset + index, text, time }));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { query } = JSON.parse(Buffer.concat(chunks).toString());
    const logs = query.includes('entries') ? { entries } : plain;
    const body = JSON.stringify({ data: { logs } });
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', Buffer.byteLength(body));
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}`, jobId: 'bare' });
});
process.once('disconnect', () => process.exit());
