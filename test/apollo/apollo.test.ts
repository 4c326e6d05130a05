import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import {
  CancelJobDocument,
  createSocket,
  DeployJobDocument,
  JobsDocument,
  JobUpdatedDocument,
  LogEntriesPageDocument,
  LogTextPageDocument,
  LogTextStreamDocument,
} from '@trainyard/client';
import { appendPage, followIntoCache, logTypePolicies } from '@trainyard/client/apollo';
import { OperationTypeNode } from 'graphql';
import type { Client } from 'graphql-ws/client';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer } from '../support/server.ts';

interface Apollo extends AsyncDisposable {
  readonly client: ApolloClient;
  readonly socket: Client;
  /** Operations sent by HTTP so far. */
  readonly asked: string[];
}

/** Apollo Client as a front end sets it up: HTTP, and graphql-ws for subscriptions. */
function openApollo(url: string, socketUrl = url): Apollo {
  const asked: string[] = [];
  const socket = createSocket({
    url: `${socketUrl.replace('http', 'ws')}/graphql`,
    retryWait: async () => {},
  });
  const counted = new ApolloLink((operation, forward) => {
    asked.push(`${operation.operationName} ${operation.variables.offset ?? ''}`.trim());
    return forward(operation);
  });
  const client = new ApolloClient({
    cache: new InMemoryCache({ typePolicies: logTypePolicies() }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      counted.concat(new HttpLink({ uri: `${url}/graphql` })),
    ),
  });
  return {
    client,
    socket,
    asked,
    async [Symbol.asyncDispose]() {
      client.stop();
      await socket.dispose();
    },
  };
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

/** What a mounted component sees: the newest data of a query, and when it has changed. */
function watch(client: ApolloClient, variables: { jobId: string; offset: number; limit: number }) {
  const query = client.watchQuery({ query: LogTextPageDocument, variables });
  const subscription = query.subscribe(() => {});
  return {
    query,
    get logs() {
      const { data } = query.getCurrentResult();
      return data && 'logs' in data ? data.logs : undefined;
    },
    [Symbol.dispose]: () => subscription.unsubscribe(),
  };
}

test('queries, mutations and subscriptions run over HTTP and graphql-ws', async () => {
  await using app = await openTestApp();
  await using apollo = openApollo(app.url);
  const { client } = apollo;
  const deployed = await client.mutate({
    mutation: DeployJobDocument,
    variables: { input: { provider: 'local', modelName: 'test-model' } },
  });
  const id = deployed.data?.deployJob.job.id ?? '';
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const statuses: unknown[] = [];
  client.subscribe({ query: JobUpdatedDocument, variables: { id } }).subscribe({
    next: async ({ data }) => {
      const status = data?.jobUpdated.status;
      statuses.push(status);
      if (status !== 'RUNNING' || statuses.indexOf(status) < statuses.length - 1) return;
      await client.mutate({
        mutation: CancelJobDocument,
        variables: { input: { jobId: id, force: true } },
      });
    },
    error: reject,
    complete: resolve,
  });
  await ended;
  expect(statuses.at(-1)).toBe('CANCELLED');
  // What the subscription said is what the cache holds of the job.
  const { data } = await client.query({ query: JobsDocument, variables: { first: 5 } });
  expect(data?.jobs?.edges.map(({ node }) => [node.id, node.status])).toEqual([[id, 'CANCELLED']]);
});

test('pages are one list, forwards and backwards', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...numbered(0, 1000));
  await using apollo = openApollo(server.url);
  using view = watch(apollo.client, { jobId: log.job.id, offset: 500, limit: 100 });
  await expect.poll(() => view.logs?.lines).toEqual(numbered(500, 600));
  await view.query.fetchMore({ variables: { offset: view.logs?.nextOffset } });
  await expect.poll(() => view.logs?.lines).toEqual(numbered(500, 700));
  await view.query.fetchMore({ variables: { offset: 400 } });
  await expect
    .poll(() => view.logs)
    .toMatchObject({
      lines: numbered(400, 700),
      offset: 400,
      nextOffset: 700,
      hasMore: true,
    });
  expect(apollo.asked).toEqual(['LogTextPage 500', 'LogTextPage 600', 'LogTextPage 400']);
});

test('places of one log that do not touch are lists of their own, and what is known is not fetched', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...numbered(0, 1000));
  await using apollo = openApollo(server.url);
  const at = (offset: number) => ({ jobId: log.job.id, offset, limit: 100 });
  using first = watch(apollo.client, at(0));
  using last = watch(apollo.client, at(-100));
  await expect
    .poll(() => [first.logs?.lines, last.logs?.lines])
    .toEqual([numbered(0, 100), numbered(900, 1000)]);
  using known = watch(apollo.client, at(950));
  expect(known.logs?.lines).toEqual(numbered(900, 1000));
  expect(apollo.asked).toEqual(['LogTextPage 0', 'LogTextPage -100']);
});

test('live pages join the list that a query shows, once, although the connection breaks', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print(...numbered(0, 1000));
  await using apollo = openApollo(server.url, proxy.url);
  const jobId = log.job.id;
  using view = watch(apollo.client, { jobId, offset: -100, limit: 100 });
  await expect.poll(() => view.logs?.nextOffset).toBe(1000);
  const following = followIntoCache(apollo.client.cache, {
    client: apollo.socket,
    jobId,
    retry: { firstMs: 5, maxMs: 20 },
  });
  for (let at = 1000; at < 1050; at += 10) {
    await log.print(...numbered(at, at + 10));
    await expect.poll(() => view.logs?.nextOffset).toBe(at + 10);
    proxy.cut();
  }
  await log.end();
  await following;
  await expect
    .poll(() => view.logs)
    .toMatchObject({ lines: numbered(900, 1050), complete: true, hasMore: false });
  await view.query.fetchMore({ variables: { offset: 800 } });
  await expect.poll(() => view.logs?.lines).toEqual(numbered(800, 1050));
});

test("a subscription's pages are appended by hand, without duplicates after a reconnect", async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const log = await server.openLog();
  await log.print(...numbered(0, 10));
  await using apollo = openApollo(server.url, proxy.url);
  const jobId = log.job.id;
  using view = watch(apollo.client, { jobId, offset: 0, limit: 100 });
  await expect.poll(() => view.logs?.nextOffset).toBe(10);
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // From the start: all that is there comes once more.
  apollo.client.subscribe({ query: LogTextStreamDocument, variables: { jobId } }).subscribe({
    next: ({ data }) => data && appendPage(apollo.client.cache, data.logStream),
    error: reject,
    complete: resolve,
  });
  await log.print('line 10');
  await expect.poll(() => view.logs?.nextOffset).toBe(11);
  proxy.cut();
  await log.print('line 11');
  await log.end();
  await ended;
  await expect.poll(() => view.logs).toMatchObject({ lines: numbered(0, 12), complete: true });
});

test('entries answer for text, not the other way round', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...numbered(0, 10));
  await using apollo = openApollo(server.url);
  const variables = { jobId: log.job.id, offset: 0, limit: 100 };
  await apollo.client.query({ query: LogTextPageDocument, variables });
  const entries = await apollo.client.query({ query: LogEntriesPageDocument, variables });
  const text = await apollo.client.query({ query: LogTextPageDocument, variables });
  expect(entries.data?.logs?.entries.map((line) => line.offset)).toEqual(
    Array.from({ length: 10 }, (_, offset) => offset),
  );
  expect(text.data?.logs?.lines).toEqual(numbered(0, 10));
  expect(apollo.asked).toEqual(['LogTextPage 0', 'LogEntriesPage 0']);
});

test('each filter has a list of its own, however it is written down', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...numbered(0, 100));
  await using apollo = openApollo(server.url);
  const ask = async (filter?: object | null) => {
    const variables = { jobId: log.job.id, filter };
    return (await apollo.client.query({ query: LogTextPageDocument, variables })).data?.logs?.lines;
  };
  expect(await ask({ contains: '9', regex: '^line 1' })).toEqual(['line 19']);
  expect(await ask({ regex: '^line 1', contains: '9', minLevel: null })).toEqual(['line 19']);
  expect(await ask(null)).toEqual(numbered(0, 100));
  expect(await ask()).toEqual(numbered(0, 100));
  expect(apollo.asked).toHaveLength(2);
});

test('an empty log is known to be empty, and shows its first lines when they come', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await using apollo = openApollo(server.url);
  const jobId = log.job.id;
  using view = watch(apollo.client, { jobId, offset: -100, limit: 100 });
  await expect.poll(() => view.logs?.lines).toEqual([]);
  const stop = new AbortController();
  const following = followIntoCache(apollo.client.cache, {
    client: apollo.socket,
    jobId,
    signal: stop.signal,
  });
  await log.print('line 0');
  await expect.poll(() => view.logs?.lines).toEqual(['line 0']);
  stop.abort();
  await following;
  expect(apollo.asked).toEqual(['LogTextPage -100']);
});

test('without a list to go on with, the last 100 lines are followed', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...numbered(0, 1000));
  await log.end();
  await using apollo = openApollo(server.url);
  const { cache } = apollo.client;
  const jobId = log.job.id;
  await followIntoCache(cache, { client: apollo.socket, jobId, filter: { contains: '9' } });
  const variables = { jobId, filter: { contains: '9' }, offset: -100 };
  const cached = cache.readQuery({ query: LogTextPageDocument, variables });
  expect(cached?.logs).toMatchObject({ offset: 900, lines: numbered(900, 1000), complete: true });
});
