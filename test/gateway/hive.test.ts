import { followLog } from '@trainyard/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql, graphSocket, serverSentEvents, subscribe } from '../support/clients.ts';
import { type CuttingProxy, openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer, type TestServer } from '../support/server.ts';
import { openHiveGateway } from './support/hive.ts';

const authorization = 'Bearer a-token-of-the-test';
const follow = `subscription ($job: ID!) {
  logStream(jobId: $job) { offset lines nextOffset complete }
}`;

const opened = new AsyncDisposableStack();
let trainyard: TestServer;
/** What the gateway reaches Trainyard by. */
let wire: CuttingProxy;
let gateway: { url: string };

beforeAll(async () => {
  trainyard = opened.use(await openTestServer({ tokens: ['a-token-of-the-test'] }));
  wire = opened.use(await openCuttingProxy(trainyard.url));
  gateway = opened.use(await openHiveGateway(wire.url));
});
afterAll(() => opened.disposeAsync());

/** One operation through the gateway, with the token. */
async function ask(query: string, variables: object = {}) {
  const { data, errors } = await graphql(gateway.url, query, variables, { authorization });
  expect(errors).toBeUndefined();
  return data;
}

test('a job has fields of both subgraphs, from whichever it is asked', async () => {
  const { job, print } = await trainyard.openLog({ name: 'a job of Ada' });
  await print('line 0');
  const set = 'mutation ($job: ID!) { setOwner(jobId: $job, owner: "Ada") { name owner } }';
  expect(await ask(set, { job: job.id })).toEqual({
    setOwner: { name: 'a job of Ada', owner: 'Ada' },
  });
  const both = '{ jobsOf(owner: "Ada") { id name status logs { lines } } }';
  expect(await ask(both)).toEqual({
    jobsOf: [{ id: job.id, name: 'a job of Ada', status: 'QUEUED', logs: { lines: ['line 0'] } }],
  });
  const listed = '{ jobs(filter: { search: "of Ada" }) { edges { node { id owner } } } }';
  expect(await ask(listed)).toEqual({
    jobs: { edges: [{ node: { id: job.id, owner: 'Ada' } }] },
  });
});

test('a mutation of Trainyard passes', async () => {
  const { job, end } = await trainyard.openLog();
  await end();
  const remove = 'mutation ($job: ID!) { deleteJob(input: { jobId: $job }) { deletedJobId } }';
  expect(await ask(remove, { job: job.id })).toEqual({ deleteJob: { deletedJobId: job.id } });
  expect(await ask('query ($job: ID!) { job(id: $job) { id } }', { job: job.id })).toEqual({
    job: null,
  });
});

test('errors pass with their codes', async () => {
  const page = '{ logs(jobId: "no-such-job") { total } }';
  const unknown = await graphql(gateway.url, page, {}, { authorization });
  expect(unknown.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  const stranger = await graphql(gateway.url, page);
  expect(stranger.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});

test.for([
  ['NOT_FOUND', 'logStream(jobId: "no-such-job") { lines }'],
  ['NOT_FOUND', 'jobUpdated(id: "no-such-job") { id }'],
  ['BAD_USER_INPUT', 'logStream(jobId: "any", filter: { regex: "(" }) { lines }'],
  ['BAD_USER_INPUT', 'jobChanged(after: "never given") { at: __typename }'],
])('an error of a subscription passes with its code %s', async ([code, field]) => {
  using client = graphSocket(gateway.url, { connectionParams: { authorization } });
  const results = [];
  for await (const result of subscribe(client, `subscription { ${field} }`)) results.push(result);
  expect(results).toHaveLength(1);
  expect(results[0]?.errors?.[0]?.extensions?.code).toBe(code);
});

test('whoever follows an unknown job through the gateway is told so at once', async () => {
  using client = graphSocket(gateway.url, { connectionParams: { authorization } });
  const pages = followLog({ client, jobId: 'no-such-job' });
  await expect(pages.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.for(['Authorization', 'authorization'])(
  'a log is followed over graphql-ws, with a token as %s',
  async (name) => {
    const log = await trainyard.openLog();
    await log.print('line 0', 'line 1');
    using client = graphSocket(gateway.url, { connectionParams: { [name]: authorization } });
    const pages = subscribe(client, follow, { job: log.job.id })[Symbol.asyncIterator]();
    expect((await pages.next()).value?.data?.logStream).toEqual({
      offset: 0,
      lines: ['line 0', 'line 1'],
      nextOffset: 2,
      complete: false,
    });
    await log.print('line 2');
    expect((await pages.next()).value?.data?.logStream.lines).toEqual(['line 2']);
    await log.end();
    expect((await pages.next()).value?.data?.logStream).toMatchObject({ complete: true });
    expect((await pages.next()).done).toBe(true);
  },
);

test('a log is followed over server-sent events, with a token in the header', async () => {
  const log = await trainyard.openLog();
  await log.print('line 0');
  const lines: string[] = [];
  const pages = serverSentEvents(gateway.url, follow, { job: log.job.id }, { authorization });
  for await (const { data } of pages) {
    lines.push(...data.logStream.lines);
    if (lines.length === 1) await log.print('line 1');
    else if (!data.logStream.complete) await log.end();
  }
  expect(lines).toEqual(['line 0', 'line 1']);
});

test('a change of a job arrives with the fields of the other subgraph', async () => {
  const log = await trainyard.openLog();
  await ask('mutation ($job: ID!) { setOwner(jobId: $job, owner: "Grace") { id } }', {
    job: log.job.id,
  });
  using client = graphSocket(gateway.url, { connectionParams: { authorization } });
  const seen: unknown[] = [];
  const changes = 'subscription ($job: ID!) { jobUpdated(id: $job) { status owner } }';
  for await (const { data } of subscribe(client, changes, { job: log.job.id })) {
    seen.push(data.jobUpdated);
    if (seen.length === 1) await log.end();
  }
  expect(seen[0]).toEqual({ status: 'QUEUED', owner: 'Grace' });
  expect(seen.at(-1)).toEqual({ status: 'COMPLETED', owner: 'Grace' });
});

test('whoever stops following stops it in Trainyard', async () => {
  const log = await trainyard.openLog();
  await log.print('line 0');
  using client = graphSocket(gateway.url, { connectionParams: { authorization } });
  for await (const _page of subscribe(client, follow, { job: log.job.id })) {
    expect(trainyard.liveLogs.counts.viewers).toBe(1);
    break;
  }
  await expect.poll(() => trainyard.liveLogs.counts.viewers).toBe(0);

  const events = serverSentEvents(gateway.url, follow, { job: log.job.id }, { authorization });
  for await (const _page of events) {
    expect(trainyard.liveLogs.counts.viewers).toBe(1);
    break;
  }
  await expect.poll(() => trainyard.liveLogs.counts.viewers).toBe(0);
});

test('a log is followed to its end although the gateway loses Trainyard again and again', async () => {
  const log = await trainyard.openLog();
  await log.print('line 0');
  using client = graphSocket(gateway.url, { connectionParams: { authorization } });
  const lines: string[] = [];
  const retry = { firstMs: 5, maxMs: 20 };
  for await (const page of followLog({ client, jobId: log.job.id, retry })) {
    lines.push(...page.lines);
    if (lines.length < 4) {
      wire.cut();
      await log.print(`line ${lines.length}`);
    } else if (!page.complete) {
      await log.end();
    }
  }
  expect(lines).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
  expect(wire.cuts).toBeGreaterThanOrEqual(3);
});
