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
