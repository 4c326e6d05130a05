import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { open, send } from '../support/http.ts';
import { logLevel } from '../support/log-capture.ts';
import { heldMiB } from '../support/memory.ts';
import { replace } from '../support/replace.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `line ${first + index}\n`).join('');

describe("a job's log as text", () => {
  let server: TestServer;
  let log: TestLog;
  beforeAll(async () => {
    server = await openTestServer();
    log = await server.openLog();
    await log.print(...numbered(0, 12_000).trimEnd().split('\n'));
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const get = (search = '', headers = {}) =>
    send(server.url, { path: `/jobs/${log.job.id}/log${search}`, headers });

  test('is the whole log, and says which part it is', async () => {
    const { status, text, headers } = await get();
    expect(text).toBe(numbered(0, 12_000));
    expect({ status, ...headers }).toMatchObject({
      status: 200,
      'content-type': 'text/plain; charset=utf-8',
      'x-log-offset': '0',
      'x-log-total': '12000',
      'x-log-complete': 'false',
    });
  });

  const parts: [string, number, number][] = [
    ['?offset=10&limit=3', 10, 3],
    ['?limit=6000', 0, 6000],
    ['?offset=11990', 11_990, 10],
    ['?offset=-5', 11_995, 5],
    ['?offset=-5&limit=2', 11_995, 2],
    ['?offset=-99999&limit=1', 0, 1],
    ['?offset=12000', 12_000, 0],
    ['?offset=2147483647&limit=2147483647', 12_000, 0],
  ];
  test.each(parts)('%s begins at %i and has %i lines', async (search, offset, count) => {
    const { text, headers } = await get(search);
    expect([text, headers['x-log-offset']]).toEqual([numbered(offset, count), String(offset)]);
  });

  test('is compressed for those who accept it, and for nobody else', async () => {
    const compressed = async (accepted: string | null) => {
      const headers: Record<string, string> =
        accepted === null ? {} : { 'accept-encoding': accepted };
      const response = await open(server.url, { path: `/jobs/${log.job.id}/log`, headers });
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const { 'content-encoding': encoding, vary } = response.headers;
      expect(vary).toContain('Accept-Encoding');
      const text = encoding === 'gzip' ? gunzipSync(body) : body;
      expect(text.toString()).toBe(numbered(0, 12_000));
      return encoding ?? 'identity';
    };
    for (const accepted of ['gzip', 'br, gzip;q=0.5', '*', 'GZIP', 'deflate, *;q=0.1']) {
      expect([accepted, await compressed(accepted)]).toEqual([accepted, 'gzip']);
    }
    for (const accepted of [null, 'identity', 'br', 'gzip;q=0', '*;q=1, gzip;q=0', '']) {
      expect([accepted, await compressed(accepted)]).toEqual([accepted, 'identity']);
    }
  });

  test('has a head without a body', async () => {
    const path = `/jobs/${log.job.id}/log?offset=-1`;
    const { status, text, headers } = await send(server.url, { method: 'HEAD', path });
    expect([status, text, headers['x-log-total'], headers['x-log-offset']]).toEqual([
      200,
      '',
      '12000',
      '11999',
    ]);
  });

  test('of nobody is not found', async () => {
    const { status, json } = await send(server.url, { path: '/jobs/nobody/log' });
    expect([status, json.errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
    expect(json.errors[0].message).toContain('"nobody"');
  });

  const wrong = ['limit=0', 'limit=-1', 'limit=many', 'limit=', 'limit=1.5', 'limit=2147483648'];
  const offsets = ['offset=x', 'offset=1e3', 'offset=-2147483648', 'offset=0x10', 'offset=%20'];
  test.each([...wrong, ...offsets])('?%s is refused by name, with the bounds', async (search) => {
    const { status, json } = await get(`?${search}`);
    const [error] = json.errors;
    expect([status, error.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    expect(error.message).toMatch(
      /^(limit|offset) is ".*"; it must be .* between -?\d+ and 2147483647/,
    );
  });

  test('of a job that has printed nothing is empty', async () => {
    const empty = await server.openLog();
    await empty.end();
    const { status, text, headers } = await send(server.url, { path: `/jobs/${empty.job.id}/log` });
    expect([status, text, headers['x-log-complete']]).toEqual([200, '', 'true']);
  });
});

describe('a large log as text', () => {
  const rounds = 120;
  const line = `{'loss': 0.6931, 'learning_rate': 1e-4, 'epoch': 0.1} ${'x'.repeat(46)}`;
  let reads = 0;
  const counting = (store: Store): Store => ({
    ...store,
    logs: replace(store.logs, {
      read: (...args) => {
        reads += 1;
        return store.logs.read(...args);
      },
    }),
  });
  let server: TestServer;
  let log: TestLog;
  beforeAll(async () => {
    server = await openTestServer({ wrapStore: counting });
    log = await server.openLog();
    for (let n = 0; n < rounds; n += 1) await log.print(...Array<string>(5000).fill(line));
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const path = () => `/jobs/${log.job.id}/log`;

  test.each(['gzip', 'identity'])('is sent with flat memory: %s', async (encoding) => {
    const before = heldMiB();
    const response = await open(server.url, {
      path: path(),
      headers: { 'accept-encoding': encoding },
    });
    let most = 0;
    let bytes = 0;
    let chunks = 0;
    for await (const chunk of response) {
      bytes += chunk.length;
      chunks += 1;
      if (chunks % 400 === 0) most = Math.max(most, heldMiB() - before);
    }
    expect(bytes).toBeGreaterThan(encoding === 'gzip' ? 100_000 : 60_000_000);
    expect(most).toBeLessThan(20);
  });

  test('is read no faster than its reader reads, and no further than it stays', async () => {
    reads = 0;
    const response = await open(server.url, { path: path() });
    await once(response, 'readable');
    const reading = () => reads;
    // It comes to rest: what was read fills the pipe and no more is asked for.
    await expect
      .poll(async () => {
        const before = reading();
        await new Promise((resolve) => setTimeout(resolve, 200));
        return reading() - before;
      })
      .toBe(0);
    const atRest = reading();
    // Each read is of 64 KiB at most.
    expect(atRest * 64 * 1024).toBeLessThan((rounds * 5000 * line.length) / 4);
    response.destroy();
    await expect
      .poll(() => server.log.entries.some(({ msg }) => msg === 'the reader of a log has left'))
      .toBe(true);
    expect(reading()).toBe(atRest);
    expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
  });
});

test('a log that cannot be read to its end is cut off, not ended, and that is logged', async () => {
  let reads = 0;
  await using server = await openTestServer({
    wrapStore: (store) => ({
      ...store,
      logs: replace(store.logs, {
        read: (...args) => {
          reads += 1;
          if (reads > 2) return Promise.reject(new Error('disk on fire'));
          return store.logs.read(...args);
        },
      }),
    }),
  });
  const log = await server.openLog();
  for (let n = 0; n < 4; n += 1) await log.print(...Array<string>(5000).fill('line'));
  const asked = send(server.url, { path: `/jobs/${log.job.id}/log` });
  await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
  const logged = server.log.entries.filter(({ level }) => level >= logLevel.warn);
  expect(logged).toMatchObject([{ job: log.job.id, code: 'INTERNAL' }]);
});

test('a log that is deleted while it is read is cut off, not ended', async () => {
  let store: Store | null = null;
  let jobId = '';
  await using server = await openTestServer({
    wrapStore: (real) => {
      store = real;
      return {
        ...real,
        logs: replace(real.logs, {
          read: async (id, options) => {
            if (options.offset > 0) await store?.jobs.delete(jobId);
            return real.logs.read(id, options);
          },
        }),
      };
    },
  });
  const log = await server.openLog();
  jobId = log.job.id;
  for (let n = 0; n < 2; n += 1) await log.print(...Array<string>(5000).fill('line'));
  const asked = send(server.url, { path: `/jobs/${jobId}/log` });
  await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
});
