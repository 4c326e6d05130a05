import { fileURLToPath } from 'node:url';
import { createSocket, followLog } from '@trainyard/client';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { startProcess } from '../support/cli.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer } from '../support/server.ts';

const stream = `subscription ($jobId: ID!, $offset: Int) {
  logStream(jobId: $jobId, offset: $offset) { lines offset nextOffset complete }
}`;

function addressOf(url: string): string {
  return `${url.replace('http', 'ws')}/graphql`;
}

test('a stream goes on behind its last page when the connection is back', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print('line 0', 'line 1');
  const socket = createSocket({ url: addressOf(proxy.url), retryWait: async () => {} });
  const told: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.subscribe(
    { query: stream, variables: { jobId: log.job.id } },
    {
      next: async ({ data }) => {
        told.push(data?.logStream);
        if (told.length > 1) return;
        proxy.cut();
        await log.print('line 2');
        await log.end();
      },
      error: reject,
      complete: resolve,
    },
  );
  await promise;
  await socket.dispose();
  const pages: { lines: string[]; offset: number }[] = JSON.parse(JSON.stringify(told));
  expect(pages[0]).toEqual({
    lines: ['line 0', 'line 1'],
    offset: 0,
    nextOffset: 2,
    complete: false,
  });
  // Whether the log's end is told with its last line or behind it depends on who is quicker.
  expect(pages.flatMap(({ lines }) => lines)).toEqual(['line 0', 'line 1', 'line 2']);
  expect(pages.map(({ offset }) => offset).slice(1, 3)).toEqual(pages.length > 2 ? [2, 3] : [2]);
  expect(pages.at(-1)).toMatchObject({ nextOffset: 3, complete: true });
});

test('changes of jobs go on behind the last one when the connection is back', async () => {
  await using app = await openTestApp();
  await using proxy = await openCuttingProxy(app.url);
  const kept = await deploy(app.url, { recipe: 'print' });
  const deleted = await deploy(app.url, { recipe: 'print' });
  const socket = createSocket({ url: addressOf(proxy.url), retryWait: async () => {} });
  const told: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isCut = false;
  const changes = `subscription ($after: String) {
    jobChanged(after: $after) {
      ... on JobSaved { cursor job { id logs(limit: 1) { complete } } }
      ... on JobDeleted { cursor deletedJobId }
    }
  }`;
  const complete = new Set<string>();
  socket.subscribe<{ jobChanged: Change }>(
    { query: changes },
    {
      next: async ({ data }) => {
        const { job, deletedJobId } = data?.jobChanged ?? {};
        if (isCut) told.push(deletedJobId ?? job?.id ?? '');
        if (deletedJobId !== undefined) return resolve();
        if (job?.logs.complete) complete.add(job.id);
        if (isCut || complete.size < 2) return;
        isCut = true;
        proxy.cut();
        const drop = 'mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { deletedJobId } }';
        await graphql(app.url, drop, { id: deleted });
      },
      error: reject,
      complete: () => reject(new Error('the changes ended')),
    },
  );
  await promise;
  await socket.dispose();
  // Begun anew, they would tell of no job that is gone, and of each other one again.
  expect(told).not.toContain(kept);
  expect(told.at(-1)).toBe(deleted);
});

interface Change {
  job?: { id: string; logs: { complete: boolean } };
  deletedJobId?: string;
}

test('a connection that has gone silent is given up', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  let closes = 0;
  const socket = createSocket({
    url: addressOf(proxy.url),
    keepAlive: 50,
    retryWait: async () => {},
  });
  socket.on('closed', () => {
    closes += 1;
  });
  const seen: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.subscribe(
    { query: stream, variables: { jobId: log.job.id } },
    {
      next: async ({ data }) => {
        seen.push(data);
        if (seen.length > 1) return;
        proxy.freeze();
        await log.print('line 0');
        await log.end();
      },
      error: reject,
      complete: resolve,
    },
  );
  await promise;
  await socket.dispose();
  expect(closes).toBeGreaterThan(0);
  expect(seen.at(-1)).toMatchObject({ logStream: { lines: ['line 0'], complete: true } });
});

test('a refused token ends a subscription at once', async () => {
  await using server = await openTestServer({ tokens: ['the-right-token-of-this-test'] });
  const socket = createSocket({
    url: addressOf(server.url),
    connectionParams: { authorization: 'Bearer wrong' },
  });
  const { promise, reject } = Promise.withResolvers<never>();
  socket.subscribe(
    { query: '{ providers { name } }' },
    { next: () => {}, error: reject, complete: () => reject('complete') },
  );
  await expect(promise).rejects.toMatchObject({ code: 4401 });
});

test('an attempt to connect that meets silence is given up, and tried again', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print('line 0');
  await log.end();
  proxy.freezeNew();
  const socket = createSocket({
    url: addressOf(proxy.url),
    connectionAckWaitTimeout: 50,
    retryWait: async () => {},
    // The first attempts meet silence; then the way is open again.
    on: { closed: () => proxy.thaw() },
  });
  const lines: string[] = [];
  for await (const page of followLog({ client: socket, jobId: log.job.id })) {
    lines.push(...page.lines);
  }
  await socket.dispose();
  expect(lines).toEqual(['line 0']);
});

test('a process whose connection has gone silent ends when it has all lines', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print('line 0');
  const follower = fileURLToPath(new URL('children/follow.ts', import.meta.url));
  await using cli = startProcess(process.execPath, [follower, addressOf(proxy.url), log.job.id]);
  await cli.shows(/line 0/);
  proxy.freeze();
  await log.print('line 1');
  await log.end();
  expect(await cli.ended()).toMatchObject({ code: 0, stdout: 'line 0\nline 1\n' });
});

test('a process whose connection goes silent at the end ends all the same', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print('line 0');
  await log.end();
  const follower = fileURLToPath(new URL('children/follow.ts', import.meta.url));
  await using cli = startProcess(
    process.execPath,
    [follower, addressOf(proxy.url), log.job.id, 'wait'],
    { input: null },
  );
  await cli.shows(/line 0/);
  proxy.freeze();
  cli.process.stdin?.end();
  expect(await cli.ended()).toMatchObject({ code: 0, stdout: 'line 0\n' });
});
