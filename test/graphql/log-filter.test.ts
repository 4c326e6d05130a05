import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printBars } from '../support/bars.ts';
import { graphql, graphSocket, subscribe } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const query = `query ($job: ID!, $filter: LogFilter) {
  logs(jobId: $job, filter: $filter) { lines total nextOffset }
}`;

test('`exclude` leaves out what its expression matches, without escape sequences', async () => {
  const log = await server.openLog();
  await log.print('step 1', 'loss 2', '\u001b[31mst\u001b[0mep 3', 'step and loss');
  const ask = async (filter: object) => {
    const { data } = await graphql(server.url, query, { job: log.job.id, filter });
    return data.logs;
  };
  expect(await ask({ exclude: '^step' })).toEqual({ lines: ['loss 2'], total: 4, nextOffset: 4 });
  expect((await ask({ exclude: '\\d', regex: 'loss' })).lines).toEqual(['step and loss']);
});

describe('`progress` chooses among states of progress bars', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await server.openLog();
    await printBars(log, ['o1%', '.loss', 'o2%', 'l3%', '.saved', 'o1%', 'o2%']);
  });

  const page = async (filter: object, args = '') => {
    const { data } = await graphql(
      server.url,
      `query ($job: ID!, $filter: LogFilter) {
        logs(jobId: $job, filter: $filter ${args}) { entries { offset text progress } nextOffset total hasMore }
      }`,
      { job: log.job.id, filter },
    );
    return data.logs;
  };
  const textsOf = ({ entries }: { entries: { text: string }[] }) => entries.map(({ text }) => text);

  test('a page tells of each line what it is of a bar', async () => {
    const { entries } = await page({});
    const marks = ['DRAWN_OVER', null, 'DRAWN_OVER', 'LAST', null, 'DRAWN_OVER', 'DRAWN_OVER'];
    expect(entries.map(({ progress }: { progress: string }) => progress)).toEqual(marks);
  });

  test.each([
    ['ALL', [0, 1, 2, 3, 4, 5, 6]],
    ['LAST', [1, 3, 4, 6]],
    ['NONE', [1, 4]],
  ])('%s: the lines keep their numbers', async (progress, offsets) => {
    const found = await page({ progress });
    expect(found.entries.map(({ offset }: { offset: number }) => offset)).toEqual(offsets);
    expect(found).toMatchObject({ nextOffset: 7, total: 7, hasMore: false });
  });

  test('it goes with other conditions, and with pages', async () => {
    expect(textsOf(await page({ progress: 'LAST', regex: '%' }))).toEqual(['3%', '2%']);
    const { entries, nextOffset } = await page({ progress: 'LAST' }, 'limit: 2');
    expect([textsOf({ entries }), nextOffset]).toEqual([['loss', '3%'], 4]);
    expect(textsOf(await page({ progress: 'LAST' }, 'offset: -2'))).toEqual(['2%']);
  });

  test.each([
    ['progress=last', 'loss\n3%\nsaved\n2%\n'],
    ['progress=none', 'loss\nsaved\n'],
    ['progress=ALL&limit=2', '1%\nloss\n'],
    ['progress=last&limit=2&offset=2', '3%\nsaved\n'],
    ['', '1%\nloss\n2%\n3%\nsaved\n1%\n2%\n'],
  ])('as text, with ?%s', async (search, text) => {
    const response = await fetch(`${server.url}/jobs/${log.job.id}/log?${search}`);
    expect(await response.text()).toBe(text);
  });

  test('as text, another word is refused', async () => {
    const response = await fetch(`${server.url}/jobs/${log.job.id}/log?progress=some`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('it must be one of none, last, all.');
  });
});

test('a stream has the last states of bars when the job has left them', async () => {
  const log = await server.openLog();
  await printBars(log, ['o1%', '.loss', 'o2%']);
  using client = graphSocket(server.url);
  const query = `subscription ($job: ID!) {
    logStream(jobId: $job, filter: { progress: LAST }) { lines nextOffset complete }
  }`;
  const pages = subscribe(client, query, { job: log.job.id })[Symbol.asyncIterator]();
  const next = async () => (await pages.next()).value?.data.logStream;
  expect(await next()).toMatchObject({ lines: ['loss'], nextOffset: 3 });
  await printBars(log, ['o3%', 'l4%']);
  expect(await next()).toMatchObject({ lines: ['4%'], nextOffset: 5 });
  await log.end();
  expect(await next()).toMatchObject({ lines: [], complete: true });
});
