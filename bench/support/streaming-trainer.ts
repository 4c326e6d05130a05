import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trainingLog } from './training-log.ts';

// A training server that runs nothing: every job of it prints ten lines a second, in events of one line, for
// as long as it is let. Says its port, then answers each message with how often it was asked for a status.
const linesPerSecond = 10;
const events = trainingLog(0, 10_000).map((line) => JSON.stringify([line]));
const jobs = new Set<string>();
const streams = new Map<ServerResponse, { next: number; bornAt: number }>();
let statusCalls = 0;

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://trainer');
  const body = (await request.toArray()).join('');
  const [, call, id = '', kind] =
    /^\/api\/training\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?$/.exec(pathname) ?? [];
  if (pathname === '/health') return say(response, { status: 'healthy', service: 'standin' });
  if (call === 'execute') {
    const { execution_id } = JSON.parse(body);
    jobs.add(execution_id);
    return say(response, { job_id: execution_id, status: 'queued', message: 'queued' });
  }
  if (call === 'status') statusCalls += 1;
  if (!jobs.has(id)) return say(response, { detail: 'no such job' }, 404);
  if (call === 'status') return say(response, { job_id: id, status: 'running' });
  if (kind !== 'stream') return say(response, { detail: 'pages are not served' }, 404);
  const next = Number(request.headers['last-event-id'] ?? searchParams.get('offset') ?? 0);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  // Jobs do not print in step.
  const bornAt = performance.now() - (next * 1000) / linesPerSecond - Math.random() * 100;
  streams.set(response, { next, bornAt });
  response.on('close', () => streams.delete(response));
});

setInterval(() => {
  const now = performance.now();
  const time = new Date().toISOString();
  for (const [response, stream] of streams) {
    const due = Math.floor(((now - stream.bornAt) / 1000) * linesPerSecond);
    for (; stream.next < due; stream.next += 1) {
      const lines = events[stream.next % events.length];
      response.write(
        `id: ${stream.next + 1}\ndata: {"offset":${stream.next},"lines":${lines},"time":"${time}"}\n\n`,
      );
    }
  }
}, 20);

function say(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

server.keepAliveTimeout = 30_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => process.send?.({ statusCalls }));
process.send?.({ port: (server.address() as AddressInfo).port });
