import { join } from 'node:path';
import { followLog } from '@trainyard/client';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { graphql, graphSocket, serverSentEvents } from '../support/clients.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}`);

/** An ended log of 3000 lines, of which 1000 to 1999 are damaged in the store. */
async function damagedLog(server: TestServer): Promise<string> {
  const log = await server.openLog();
  for (let from = 0; from < 3000; from += 1000) await log.print(...numbered(from, from + 1000));
  await log.end();
  const db = new Sqlite(join(server.dataDir, 'trainyard.db'));
  const { changes } = db
    .exec('PRAGMA busy_timeout = 5000')
    .prepare(
      "UPDATE chunks SET runs = CAST(substr(runs, 1, 1) || x'00' || substr(runs, 3) AS BLOB) WHERE id & 0xffffffff = 1000",
    )
    .run();
  db.close();
  expect(changes).toBe(1);
  return log.job.id;
}

const damage = { code: 'DATA_DAMAGED', offset: 1000, nextOffset: 2000 };

test('pages tell damaged lines, and serve all others', async () => {
  await using server = await openTestServer();
  const jobId = await damagedLog(server);
  const page = async (offset: number, filter: object | null = null) => {
    const { data, errors } = await graphql(
      server.url,
      `query ($jobId: ID!, $offset: Int, $filter: LogFilter) {
        logs(jobId: $jobId, offset: $offset, limit: 1500, filter: $filter) { lines nextOffset hasMore total }
      }`,
      { jobId, offset, filter },
    );
    return errors?.[0]?.extensions ?? data.logs;
  };
  const before = { lines: numbered(0, 1000), nextOffset: 1000, hasMore: true, total: 3000 };
  expect(await page(0)).toEqual(before);
  expect(await page(1000)).toMatchObject(damage);
  expect(await page(2000)).toMatchObject({ lines: numbered(2000, 3000), hasMore: false });
  expect(await page(0, { contains: 'line' })).toEqual(before);
  expect(await page(1000, { contains: 'line' })).toMatchObject(damage);
  expect(await page(2000, { contains: 'line 2999' })).toMatchObject({ lines: ['line 2999'] });
});

test('streams and whoever follows end there with an error, and go on behind', async () => {
  await using server = await openTestServer();
  const jobId = await damagedLog(server);
  using client = graphSocket(server.url);
  const lines: string[] = [];
  const following = async (offset: number) => {
    for await (const page of followLog({ client, jobId, offset })) lines.push(...page.lines);
  };
  await expect(following(0)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  expect(lines).toEqual(numbered(0, 1000));
  await following(2000);
  expect(lines).toEqual([...numbered(0, 1000), ...numbered(2000, 3000)]);

  const subscription = `subscription ($jobId: ID!) { logStream(jobId: $jobId) { lines } }`;
  const events = await Array.fromAsync(serverSentEvents(server.url, subscription, { jobId }));
  expect(events.flatMap(({ data }) => data?.logStream.lines ?? [])).toEqual(numbered(0, 1000));
  expect(events.at(-1)?.errors?.[0]?.extensions).toMatchObject(damage);
});

test('a download breaks off there, instead of looking whole, and goes on behind', async () => {
  await using server = await openTestServer();
  const jobId = await damagedLog(server);
  const download = async (search: string) =>
    (await fetch(`${server.url}/jobs/${jobId}/log${search}`)).text();
  await expect(download('')).rejects.toThrow();
  expect(await download('?offset=2000')).toBe(`${numbered(2000, 3000).join('\n')}\n`);
});

/** A log of 1500 lines, in chunks and behind them, whose head is damaged in the store. */
async function damagedHead(server: TestServer, { isOver }: { isOver: boolean }) {
  const log = await server.openLog();
  await log.print(...numbered(0, 1000));
  for (let from = 1000; from < 1500; from += 100) await log.print(...numbered(from, from + 100));
  if (isOver) await log.end();
  const db = new Sqlite(join(server.dataDir, 'trainyard.db'));
  db.exec('PRAGMA busy_timeout = 5000; UPDATE logs SET total = 1200');
  db.close();
  return { jobId: log.job.id, log };
}

const atEnd = { code: 'DATA_DAMAGED', offset: 1500 };

test('a log whose own record is damaged is served to its last line, and says that this may not be its end', async () => {
  await using server = await openTestServer();
  const { jobId } = await damagedHead(server, { isOver: true });
  const page = async (offset: number, filter: object | null = null) => {
    const { data, errors } = await graphql(
      server.url,
      `query ($jobId: ID!, $offset: Int, $filter: LogFilter) {
        logs(jobId: $jobId, offset: $offset, limit: 1000, filter: $filter) {
          lines nextOffset hasMore total complete notice { code help }
        }
      }`,
      { jobId, offset, filter },
    );
    return errors?.[0]?.extensions ?? data.logs;
  };
  const told = {
    hasMore: true,
    total: 1500,
    complete: false,
    notice: {
      code: 'LOG_DAMAGED',
      help: expect.arrayContaining([expect.stringContaining('check')]),
    },
  };
  const last = { lines: numbered(1000, 1500), nextOffset: 1500, ...told };
  expect(await page(0)).toEqual({ lines: numbered(0, 1000), nextOffset: 1000, ...told });
  expect(await page(1000)).toEqual(last);
  expect(await page(-500)).toEqual(last);
  expect(await page(1000, { contains: 'line' })).toEqual(last);
  expect(await page(1500)).toMatchObject(atEnd);
  expect(await page(1500, { contains: 'line' })).toMatchObject(atEnd);

  using client = graphSocket(server.url);
  const lines: string[] = [];
  const following = async () => {
    for await (const { lines: more } of followLog({ client, jobId })) lines.push(...more);
  };
  await expect(following()).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  expect(lines).toEqual(numbered(0, 1500));

  const download = async (search: string) =>
    (await fetch(`${server.url}/jobs/${jobId}/log${search}`)).text();
  await expect(download('')).rejects.toThrow();
  expect(await download('?limit=1500')).toBe(`${numbered(0, 1500).join('\n')}\n`);
});

test('a job that is over and whose log cannot be told to be complete can be deleted', async () => {
  await using server = await openTestServer();
  const { jobId } = await damagedHead(server, { isOver: true });
  const { data, errors } = await graphql(
    server.url,
    'mutation ($jobId: ID!) { deleteJob(input: { jobId: $jobId }) { deletedJobId } }',
    { jobId },
  );
  expect(errors).toBeUndefined();
  expect(data.deleteJob).toEqual({ deletedJobId: jobId });
});
