import {
  CancelJobDocument,
  createSocket,
  DeployJobDocument,
  followLog,
  JobDocument,
  JobUpdatedDocument,
  type LogList,
  LogTextPageDocument,
  LogTextStreamDocument,
  mergePage,
} from '@trainyard/client';
import { socketExchange } from '@trainyard/client/urql';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import type { Client as Socket } from 'graphql-ws/client';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer } from '../support/server.ts';

/** urql as a front end sets it up: HTTP, and graphql-ws for subscriptions. */
function openUrql(
  url: string,
  socketUrl = url,
): { client: Client; socket: Socket } & AsyncDisposable {
  const socket = createSocket({
    url: `${socketUrl.replace('http', 'ws')}/graphql`,
    retryWait: async () => {},
  });
  const client = new Client({
    url: `${url}/graphql`,
    preferGetMethod: false,
    exchanges: [cacheExchange, fetchExchange, socketExchange(socket)],
  });
  return { client, socket, [Symbol.asyncDispose]: async () => socket.dispose() };
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

test('queries, mutations and subscriptions run over HTTP and graphql-ws', async () => {
  await using app = await openTestApp();
  await using urql = openUrql(app.url);
  const { client } = urql;
  const input = { provider: 'local', modelName: 'test-model' };
  const deployed = await client.mutation(DeployJobDocument, { input });
  const id = deployed.data?.deployJob.job.id ?? '';
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let cancelled = false;
  const watching = client.subscription(JobUpdatedDocument, { id }).subscribe(async ({ data }) => {
    const status = data?.jobUpdated.status;
    if (status === 'CANCELLED') resolve();
    if (status !== 'RUNNING' || cancelled) return;
    cancelled = true;
    await client.mutation(CancelJobDocument, { input: { jobId: id, force: true } });
  });
  await ended;
  watching.unsubscribe();
  const { data } = await client.query(JobDocument, { id });
  expect(data?.job?.status).toBe('CANCELLED');
});

test('pages join to one list, forwards and backwards, and live pages behind them', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  const jobId = log.job.id;
  await log.print(...numbered(0, 1000));
  await using urql = openUrql(server.url, proxy.url);
  let list: LogList | null = null;
  const load = async (offset: number) => {
    const { data } = await urql.client.query(LogTextPageDocument, { jobId, offset, limit: 100 });
    if (data?.logs) list = mergePage(list, data.logs);
    return list;
  };
  expect(await load(-200)).toMatchObject({ lines: numbered(800, 900), hasMore: true });
  expect(await load(900)).toMatchObject({ lines: numbered(800, 1000), hasMore: false });
  expect(await load(700)).toMatchObject({ lines: numbered(700, 1000), offset: 700 });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  // From the start of the last page on: what is known comes once more.
  const offset = 900;
  let cuts = 0;
  const live = urql.client
    .subscription(LogTextStreamDocument, { jobId, offset })
    .subscribe(async ({ data }) => {
      if (!data) return;
      list = mergePage(list, data.logStream);
      if (data.logStream.complete) return resolve();
      cuts += 1;
      proxy.cut();
      if (cuts <= 5) await log.print(`line ${999 + cuts}`);
      // A cut brings the same page again, so the end may be near more than once.
      else if (cuts === 6) await log.end();
    });
  await ended;
  live.unsubscribe();
  expect(list).toMatchObject({ lines: numbered(700, 1005), complete: true, hasMore: false });
});

test('a followed log joins the list as well', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  const jobId = log.job.id;
  await log.print(...numbered(0, 200));
  await log.end();
  await using urql = openUrql(server.url);
  const { data } = await urql.client.query(LogTextPageDocument, { jobId, limit: 150 });
  let list = data?.logs && mergePage(null, data.logs);
  for await (const page of followLog({ client: urql.socket, jobId, offset: list?.nextOffset })) {
    list = mergePage(list, page);
  }
  expect(list).toMatchObject({ lines: numbered(0, 200), complete: true });
});
