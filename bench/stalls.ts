import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { deploy, graphql, rawSocket } from '../test/support/clients.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';
import { type BenchRow, median } from './row.ts';

const lineCount = 100_000;
const attackMs = 4000;
const mostWaitMs = 250;
const mostMb = 512;

interface Attack {
  what: string;
  /** Begins it; resolves to how it is ended. */
  begin(url: string, jobId: string): Promise<() => void>;
}

const stream =
  'subscription ($id: ID!, $offset: Int, $filter: LogFilter) { logStream(jobId: $id, offset: $offset, filter: $filter) { lines nextOffset } }';

const attacks: Attack[] = [
  {
    what: '1,000 requests for a log sent ahead on one connection',
    begin: (url, id) =>
      unread(url, 1, () => `GET /jobs/${id}/log HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(1000)),
  },
  {
    what: '200 readers of a log as text',
    begin: (url, id) =>
      unread(url, 200, () => `GET /jobs/${id}/log HTTP/1.1\r\nHost: localhost\r\n\r\n`),
  },
  {
    what: '400 event streams at once',
    begin: (url, id) => unread(url, 400, (n) => events(id, n * 479)),
  },
  {
    what: '200 sockets with a stream each at once',
    begin: (url, id) => sockets(url, id, { count: 200, streams: 1 }),
  },
  {
    what: '60 sockets with 90 streams each',
    begin: (url, id) => sockets(url, id, { count: 60, streams: 90 }),
  },
  {
    what: '1,000 streams with an expression each',
    begin: (url, id) => sockets(url, id, { count: 20, streams: 50, regex: true }),
  },
];

/** What others wait for a plain question, and what the server takes, while some client asks for much and reads nothing. */
export async function stallRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const attack of attacks) rows.push(...(await measure(attack)));
  return rows;
}

async function measure({ what, begin }: Attack): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  try {
    await using server = await startServer({ env: await settings(folder) });
    const jobId = await deploy(server.url, { recipe: 'lines' });
    await complete(server.url, jobId);
    const before = await watch(server, 1000);
    const attacked = watch(server, attackMs);
    const end = await begin(server.url, jobId);
    const during = await attacked;
    end();
    return [
      row({
        what: `${what}: others wait, median`,
        unit: 'ms',
        ours: median(during.waits),
        peer: median(before.waits),
        most: mostWaitMs,
      }),
      row({
        what: `${what}: at most`,
        unit: 'ms',
        ours: Math.max(...during.waits),
        peer: Math.max(...before.waits),
        most: mostWaitMs,
      }),
      row({ what: `${what}: memory`, unit: 'MB', ours: during.mb, peer: before.mb, most: mostMb }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function settings(folder: string): Promise<Record<string, string>> {
  const config = join(folder, 'trainyard.config.json');
  const line =
    '{"step": 1, "loss": 0.5} and some more text, among it é漢, that makes it as long as the lines of a log are';
  const recipes = { lines: { command: ['sh', '-c', `yes '${line}' | head -n ${lineCount}`] } };
  await writeFile(config, JSON.stringify({ recipes }));
  return { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder, 'data') };
}

async function complete(url: string, id: string): Promise<void> {
  const query = 'query ($id: ID!) { logs(jobId: $id, limit: 1) { complete } }';
  while (!(await graphql(url, query, { id })).data?.logs.complete) await setTimeout(100);
}

/** Asks a plain question again and again. */
async function watch(
  { url, pid }: ServerProcess,
  forMs: number,
): Promise<{ waits: number[]; mb: number }> {
  const waits: number[] = [];
  let mb = 0;
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    const askedAt = performance.now();
    await graphql(url, '{ __typename }');
    waits.push(performance.now() - askedAt);
    mb = Math.max(mb, residentMb(pid));
    await setTimeout(20);
  }
  return { waits, mb };
}

function row(
  measured: Pick<BenchRow, 'what' | 'unit' | 'ours' | 'peer'> & { most: number },
): BenchRow {
  const { most, ...facts } = measured;
  const ratio = facts.ours / facts.peer;
  return {
    ...facts,
    peerName: 'the same server before',
    ratio,
    target: `≤ ${most} ${facts.unit}`,
    met: facts.ours <= most,
  };
}

function events(id: string, offset: number): string {
  const body = JSON.stringify({ query: stream, variables: { id, offset } });
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function unread(
  url: string,
  count: number,
  request: (n: number) => string,
): Promise<() => void> {
  const { hostname, port } = new URL(url);
  const connections = Array.from({ length: count }, (_, n): Socket => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.pause();
    socket.write(request(n));
    return socket;
  });
  return () => {
    for (const socket of connections) socket.destroy();
  };
}

async function sockets(
  url: string,
  id: string,
  { count, streams, regex = false }: { count: number; streams: number; regex?: boolean },
): Promise<() => void> {
  const open = Array.from({ length: count }, () => rawSocket(url));
  await Promise.all(
    open.map(async (socket, n) => {
      socket.on('error', () => {});
      await once(socket, 'open');
      socket.send('{"type":"connection_init"}');
      await once(socket, 'message');
      socket.pause();
      for (let k = 0; k < streams; k += 1) {
        const offset = (n * 97 + k * 2003) % (lineCount - 10_000);
        const filter = regex ? { regex: `nothing ${n}-${k}|l[o0]+s{2,}ES` } : null;
        const payload = { query: stream, variables: { id, offset, filter } };
        socket.send(JSON.stringify({ id: String(k), type: 'subscribe', payload }));
      }
    }),
  );
  return () => {
    for (const socket of open) socket.terminate();
  };
}

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}
