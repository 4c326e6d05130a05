import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import {
  graphql,
  graphSocket,
  rawSocket,
  serverSentEvents,
  subscribe,
} from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { operation, type RawRequest, send } from '../support/http.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

const countJobs = '{ jobs { totalCount } }';
const follow = 'subscription ($job: ID!) { logStream(jobId: $job) { lines complete } }';

/** The status with which an upgrade was refused, or 101. */
async function upgrade(url: string, headers: Record<string, string>): Promise<number> {
  const socket = rawSocket(url, headers);
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode);
  const status = await Promise.race([refused, once(socket, 'open').then(() => 101)]);
  socket.terminate();
  return status;
}

describe('a server on loopback', () => {
  let server: TestServer;
  let log: TestLog;
  const ask = (raw: RawRequest) => send(server.url, raw);
  beforeAll(async () => {
    server = await openTestServer({
      allowedHosts: ['trainyard.internal'],
      allowedOrigins: ['http://localhost:5173'],
    });
    log = await server.openLog();
    await log.print('one', 'two');
    await log.end();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const everywhere: [string, () => RawRequest][] = [
    ['a query', () => operation(countJobs)],
    ['a query by GET', () => ({ path: `/graphql?query=${encodeURIComponent(countJobs)}` })],
    ['GraphiQL', () => ({ path: '/graphql', headers: { accept: 'text/html' } })],
    ['a log as text', () => ({ path: `/jobs/${log.job.id}/log` })],
    ['health', () => ({ path: '/health/live' })],
    [
      'server-sent events',
      () => operation(follow, { accept: 'text/event-stream' }, { variables: { job: log.job.id } }),
    ],
  ];
  const withHeaders = (raw: RawRequest, headers: Record<string, string>) =>
    ask({ ...raw, headers: { ...raw.headers, ...headers } });

  test.each(everywhere)('answers %s under its own names', async (_name, raw) => {
    for (const host of ['localhost', '127.0.0.1:9', '[::1]:4000', 'trainyard.internal']) {
      expect((await withHeaders(raw(), { host })).status).toBe(200);
    }
  });

  test.each(everywhere)('refuses %s under a foreign name with 421', async (_name, raw) => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80']) {
      const { status, json } = await withHeaders(raw(), { host });
      expect({ host, status, code: json.errors[0].extensions.code }).toEqual({
        host,
        status: 421,
        code: 'FORBIDDEN',
      });
    }
  });

  test.each(everywhere)('refuses %s to a page of another origin', async (_name, raw) => {
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost:5174',
      'http://localhost',
    ]) {
      const { status, headers, json } = await withHeaders(raw(), { origin });
      expect({ origin, status, code: json.errors[0].extensions.code }).toEqual({
        origin,
        status: 403,
        code: 'FORBIDDEN',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test.each(everywhere)(
    'refuses %s to a page that sends no Origin with its GET',
    async (_n, raw) => {
      for (const site of ['cross-site', 'same-site']) {
        const fetched = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
        expect((await withHeaders(raw(), fetched)).status).toBe(403);
      }
    },
  );

  test.each(['chrome-extension://abcdefgh', 'altair://-', 'null'])(
    'lets pages of %s ask where the configuration names them',
    async (origin) => {
      expect((await ask(operation(countJobs, { origin }))).status).toBe(403);
      await using folder = await openFolder();
      const file = `${folder.path}/trainyard.config.json`;
      await writeFile(file, JSON.stringify({ allowedOrigins: [origin] }));
      const { allowedOrigins } = readConfigFile(file);
      await using other = await openTestServer({ allowedOrigins });
      const { status, headers } = await send(other.url, operation(countJobs, { origin }));
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(await upgrade(other.url, { origin })).toBe(101);
    },
  );

  test('lets a person follow a link to GraphiQL, and a page of its own ask', async () => {
    const page = everywhere[2]?.[1]() ?? {};
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await withHeaders(page, link)).status).toBe(200);
    const own = { origin: server.url, 'sec-fetch-site': 'same-origin' };
    expect((await withHeaders(operation(countJobs), own)).status).toBe(200);
  });

  test('refuses a WebSocket of a foreign page, or under a foreign name, at the upgrade', async () => {
    expect({
      own: await upgrade(server.url, {}),
      ownPage: await upgrade(server.url, { origin: server.url }),
      allowedPage: await upgrade(server.url, { origin: 'http://localhost:5173' }),
      foreignPage: await upgrade(server.url, { origin: 'http://evil.example' }),
      noOrigin: await upgrade(server.url, { origin: 'null' }),
      foreignName: await upgrade(server.url, { host: 'evil.example' }),
    }).toEqual({
      own: 101,
      ownPage: 101,
      allowedPage: 101,
      foreignPage: 403,
      noOrigin: 403,
      foreignName: 421,
    });
  });

  test('sends no CORS header where nobody is to be let in', async () => {
    for (const headers of [{}, { origin: server.url }, { origin: 'http://evil.example' }]) {
      const answer = await ask(operation(countJobs, headers as Record<string, string>));
      const names = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
      expect(names).toEqual([]);
    }
    const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const answer = await ask({ method: 'OPTIONS', path: '/graphql', headers: preflight });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([
      403,
      undefined,
    ]);
  });

  test('lets pages of exactly the allowed origin in, on every route, without credentials', async () => {
    const origin = 'http://localhost:5173';
    for (const [, raw] of everywhere) {
      const { status, headers } = await withHeaders(raw(), { origin });
      expect({
        status,
        allowed: headers['access-control-allow-origin'],
        credentials: headers['access-control-allow-credentials'],
        vary: headers.vary?.includes('Origin'),
      }).toEqual({ status: 200, allowed: origin, credentials: undefined, vary: true });
    }
    const preflight = await ask({
      method: 'OPTIONS',
      path: '/graphql',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([
      204,
      'Authorization, Content-Type',
    ]);
    for (const near of [
      'http://localhost:51730',
      'https://localhost:5173',
      `${origin}.evil.example`,
    ]) {
      expect((await ask(operation(countJobs, { origin: near }))).status).toBe(403);
    }
  });

  test('refuses what a form could send, with what to send instead', async () => {
    const body = `query=${encodeURIComponent(countJobs)}`;
    const form = '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--';
    const types = {
      'application/x-www-form-urlencoded': body,
      'multipart/form-data; boundary=x': form,
      'text/plain': JSON.stringify({ query: countJobs }),
      'TEXT/PLAIN;charset=utf-8': JSON.stringify({ query: countJobs }),
      '': JSON.stringify({ query: countJobs }),
    };
    for (const [type, text] of Object.entries(types)) {
      for (const accept of ['application/json', 'text/event-stream', '*/*']) {
        const headers: Record<string, string> = type
          ? { 'content-type': type, accept }
          : { accept };
        const answer = await ask({ method: 'POST', path: '/graphql', headers, body: text });
        const [error] = answer.json.errors;
        expect([type, answer.status, error.extensions.code]).toEqual([type, 415, 'BAD_USER_INPUT']);
        expect(error.message).toContain('Content-Type: application/json');
      }
    }
  });

  test('tells browsers to guess no types, to frame no page and to load nothing from elsewhere', async () => {
    for (const [, raw] of everywhere) {
      const { headers } = await ask(raw());
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).not.toMatch(/https?:/);
    }
  });
});

describe('a server that needs tokens', () => {
  const tokens = ['first-token-of-the-test', 'second-token-of-the-test'];
  const [token = ''] = tokens;
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
  let server: TestServer;
  let log: TestLog;
  beforeAll(async () => {
    server = await openTestServer({ host: '0.0.0.0', tokens });
    log = await server.openLog();
    await log.print('one');
    await log.end();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('answers whoever shows any of them', async () => {
    for (const value of tokens) {
      const { data } = await graphql(server.url, countJobs, {}, bearer(value));
      expect(data).toEqual({ jobs: { totalCount: 1 } });
    }
    const text = await send(server.url, {
      path: `/jobs/${log.job.id}/log`,
      headers: bearer(token),
    });
    expect(text.text).toBe('one\n');
    const pages = serverSentEvents(server.url, follow, { job: log.job.id }, bearer(token));
    expect((await pages.next()).value?.data.logStream.lines).toEqual(['one']);
    await pages.return();
  });

  const wrong = [
    {},
    bearer(''),
    bearer('wrong'),
    bearer(token.slice(1)),
    bearer(`${token}x`),
    bearer(tokens.join(',')),
    { authorization: token },
    { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` },
  ] as Record<string, string>[];

  test.each(wrong)('refuses %o with 401 on HTTP, events and logs', async (headers) => {
    const accept = 'text/event-stream';
    const asked = [
      operation(countJobs, headers),
      operation(follow, { ...headers, accept }, { variables: { job: log.job.id } }),
      { path: `/graphql?query=${encodeURIComponent(countJobs)}`, headers },
      { path: `/jobs/${log.job.id}/log`, headers },
      { path: '/jobs', headers },
      { path: '/nowhere', headers },
      { path: `/health/../jobs/${log.job.id}/log`, headers },
      { path: `/health/%2e%2e/jobs/${log.job.id}/log`, headers },
      { path: `//jobs/${log.job.id}/log`, headers },
      { path: `http://127.0.0.1/jobs/${log.job.id}/log`, headers },
      { path: '/graphql/', headers: { ...headers, accept: 'text/html' } },
    ];
    for (const raw of asked) {
      const { status, headers: answered, text } = await send(server.url, raw);
      expect([raw.path, status]).toEqual([raw.path, 401]);
      expect(answered['www-authenticate']).toMatch(/^Bearer\b/);
      expect(text).not.toContain('one');
      expect(JSON.parse(text).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
  });

  test("shows GraphiQL's empty page to anyone, and answers no query in its place", async () => {
    for (const path of ['/graphql', `/graphql?query=${encodeURIComponent(countJobs)}`]) {
      const page = await send(server.url, { path, headers: { accept: 'text/html' } });
      expect([page.status, page.text.trim().slice(0, 15)]).toEqual([200, '<!doctype html>']);
    }
  });

  test('tells anyone that it lives and whether it is ready, and nothing else', async () => {
    expect((await send(server.url, { path: '/health/live' })).json).toEqual({ status: 'ok' });
    expect((await send(server.url, { path: '/health/ready' })).json).toEqual({ status: 'ok' });
    const known = await send(server.url, { path: '/health/ready', headers: bearer(token) });
    expect(known.json).toEqual({ status: 'ok', store: 'ok', providers: [] });
  });

  test('takes the token on a WebSocket from the parameters or from the header', async () => {
    const ways = [
      { connectionParams: { authorization: `Bearer ${token}` } },
      { connectionParams: { Authorization: `Bearer ${token}` } },
      { headers: bearer(token) },
    ];
    for (const way of ways) {
      using client = graphSocket(server.url, way);
      const pages = [];
      for await (const { data } of subscribe(client, follow, { job: log.job.id })) pages.push(data);
      expect(pages.at(-1)).toEqual({ logStream: { lines: ['one'], complete: true } });
    }
  });

  test('closes a WebSocket without the right token before any operation', async () => {
    const ways = [
      {},
      { connectionParams: { authorization: 'Bearer wrong' } },
      { connectionParams: { authorization: { Bearer: token } } },
      { connectionParams: { token } },
      // What the parameters say goes before the header.
      { connectionParams: { authorization: 'Bearer wrong' }, headers: bearer(token) },
    ];
    for (const way of ways) {
      using client = graphSocket(server.url, way);
      const first = subscribe(client, countJobs)[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject({ code: 4401 });
    }
  });

  test('answers on every address of this machine, and under no other name', async () => {
    const asked = async (host: string) =>
      (await send(server.url, { ...operation(countJobs, { ...bearer(token), host }) })).status;
    expect([await asked('192.168.7.7:4000'), await asked('evil.example')]).toEqual([200, 421]);
  });
});

test('a server is known by its own name, however that is written', async () => {
  const tokens = ['a-token-of-the-test'];
  await using server = await openTestServer({ host: 'Gpu-Box', tokens, allowedHosts: ['Trains'] });
  for (const host of ['Gpu-Box', 'gpu-box:4000', 'TRAINS']) {
    expect((await send(server.url, { path: '/health/live', headers: { host } })).status).toBe(200);
  }
});

test('an offer of HTTP/2 is passed over', async () => {
  await using server = await openTestServer();
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' };
  expect((await send(server.url, { path: '/health/live', headers })).status).toBe(200);
});
