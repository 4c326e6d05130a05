import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { deploy, graphql, graphSocket, subscribe } from '../support/clients.ts';
import { openObedientJobs } from '../support/dialects/obedient-jobs.ts';
import { openFolder } from '../support/folder.ts';
import { open, operation } from '../support/http.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';
import { startServer } from '../support/server-process.ts';

const query = `subscription ($job: ID!, $offset: Int) {
  logStream(jobId: $job, offset: $offset) { lines nextOffset complete }
}`;

test('SIGTERM ends streams with where to resume, and the server with 0; the job lives on', async () => {
  await using folder = await openFolder();
  await using jobs = await obedientJobs();
  const config = join(folder.path, 'trainyard.config.json');
  await writeFile(config, JSON.stringify({ recipes: { obedient: { command: jobs.command } } }));
  const env = { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
  await using server = await startServer({ env });
  const job = await deploy(server.url, { recipe: 'obedient' });
  const { data } = await graphql(server.url, '{ jobs { edges { node { externalId } } } }');
  const order = await jobs.job(data.jobs.edges[0].node.externalId);
  order({ print: ['one', 'two'] });

  using socket = await openRawSocket(server.url);
  socket.say({ type: 'subscribe', id: '1', payload: { query, variables: { job } } });
  const { payload } = await socket.hear((message) => linesOf(message).at(-1) === 'two');
  const events = await open(
    server.url,
    operation(query, { accept: 'text/event-stream' }, { variables: { job } }),
  );
  let heard = '';
  events.on('data', (data) => {
    heard += data;
  });
  await expect.poll(() => heard).toContain('two');
  const eventsEnded = once(events, 'end');

  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await socket.closed).toEqual({
    code: 1001,
    reason: 'The server restarts: resume from the last nextOffset',
  });
  await eventsEnded;
  expect(heard).toContain(': The server restarts. Resume from the last nextOffset.');
  expect(heard).not.toContain('event: complete');
  expect(leasesIn(env.TRAINYARD_DATA_DIR)).toBe(0);

  order({ print: ['while nobody', 'was there'] });
  await using restarted = await startServer({ env });
  order({ print: ['and after'], exit: 0 });
  const offset: number = payload.data.logStream.nextOffset;
  using client = graphSocket(restarted.url);
  const lines: string[] = [];
  for await (const { data } of subscribe(client, query, { job, offset })) {
    lines.push(...data.logStream.lines);
  }
  expect(lines).toEqual(['while nobody', 'was there', 'and after']);
  const ended = await graphql(restarted.url, `{ job(id: "${job}") { status } }`);
  expect(ended.data.job.status).toBe('COMPLETED');
});

test('a second SIGTERM does not wait for a viewer that never reads', async () => {
  await using folder = await openFolder();
  await using server = await startServer({ env: { TRAINYARD_DATA_DIR: folder.path } });
  using socket = await openRawSocket(server.url);
  socket.socket.pause();
  void server.end('SIGTERM');
  // The port is given up first of all.
  await expect
    .poll(() =>
      fetch(server.url).then(
        () => true,
        () => false,
      ),
    )
    .toBe(false);
  expect(await server.end('SIGTERM')).toEqual({ code: 143, signal: null });
});

test('SIGTERM ends a server whose provider does not answer', async () => {
  await using folder = await openFolder();
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const env = {
    TRAINYARD_DATA_DIR: folder.path,
    TRAINING_SERVER_URL: `http://127.0.0.1:${port}`,
  };
  await using server = await startServer({ env });
  // A deploy is under way.
  void deploy(server.url).catch(() => {});
  await expect.poll(() => leasesIn(folder.path)).toBe(1);
  const toldAt = performance.now();
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(performance.now() - toldAt).toBeLessThan(10_000);
  expect(leasesIn(folder.path)).toBe(0);
  silent.close();
});

/** How many jobs a server holds, or has left behind. */
function leasesIn(dataDir: string): unknown {
  const db = new Sqlite(join(dataDir, 'trainyard.db'), { readonly: true });
  const held = db.prepare('SELECT count(*) FROM logs WHERE owner IS NOT NULL').pluck().get();
  db.close();
  return held;
}

function linesOf({ payload }: { payload?: { data?: { logStream?: { lines: string[] } } } }) {
  return payload?.data?.logStream?.lines ?? [];
}

async function obedientJobs() {
  const jobs = await openObedientJobs();
  return { ...jobs, [Symbol.asyncDispose]: () => jobs.close() };
}
