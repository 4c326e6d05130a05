import { once } from 'node:events';
import { connect } from 'node:net';
import { rawSocket } from '../../test/support/clients.ts';

/** What an attacker knows: where the server is, a job with a long log, and how many lines that has. */
export interface Target {
  url: string;
  jobId: string;
  lineCount: number;
}

const stream =
  'subscription ($id: ID!, $offset: Int, $filter: LogFilter) { logStream(jobId: $id, offset: $offset, filter: $filter) { lines nextOffset } }';
const text = ({ jobId }: Target) => `GET /jobs/${jobId}/log HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const zipped = ({ jobId }: Target) =>
  `GET /jobs/${jobId}/log HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n`;

/** Clients that ask for much at once and read nothing, by what they do. */
export const attacks: Readonly<Record<string, (target: Target) => Promise<void>>> = {
  '1,000 requests for a log sent ahead on one connection': (target) =>
    connections(target, { count: 1, request: () => text(target).repeat(1000) }),
  '200 readers of a log as text': (target) =>
    connections(target, { count: 200, request: () => text(target) }),
  '200 readers of a log as gzip': (target) =>
    connections(target, { count: 200, request: () => zipped(target) }),
  '400 event streams at once': (target) =>
    connections(target, {
      count: 400,
      request: (n) => events({ query: stream, variables: { id: target.jobId, offset: n * 479 } }),
    }),
  '200 sockets with a stream each at once': (target) => sockets(target, { count: 200, streams: 1 }),
  '60 sockets with 90 streams each': (target) => sockets(target, { count: 60, streams: 90 }),
  '1,000 streams with an expression each': (target) =>
    sockets(target, {
      count: 20,
      streams: 50,
      filter: (n, k) => ({ regex: `nothing ${n}-${k}|l[o0]+s{2,}ES` }),
    }),
};

async function connections(
  { url }: Target,
  { count, request }: { count: number; request: (n: number) => string },
): Promise<void> {
  const { hostname, port } = new URL(url);
  for (let n = 0; n < count; n += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.pause();
    socket.write(request(n));
  }
}

function events(operation: object): string {
  const body = JSON.stringify(operation);
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function sockets(
  { url, jobId, lineCount }: Target,
  asked: { count: number; streams: number; filter?: (n: number, k: number) => object },
): Promise<void> {
  const { count, streams, filter } = asked;
  const opened = Array.from({ length: count }, async (_, n) => {
    const socket = rawSocket(url);
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.pause();
    for (let k = 0; k < streams; k += 1) {
      const offset = (n * 97 + k * 2003) % (lineCount - 10_000);
      const variables = { id: jobId, offset, filter: filter?.(n, k) ?? null };
      const payload = { query: stream, variables };
      socket.send(JSON.stringify({ id: String(k), type: 'subscribe', payload }));
    }
  });
  await Promise.all(opened);
}
