import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { bombs, widestIntrospection } from '../support/bombs.ts';
import { type GraphResult, graphql, rawSocket } from '../support/clients.ts';
import { operation, send } from '../support/http.ts';
import { logLevel } from '../support/log-capture.ts';
import { replace } from '../support/replace.ts';
import { openTestServer, type TestServer } from '../support/server.ts';
import { type Operation, transports } from '../support/transports.ts';

const asks = Object.entries(transports);
const codesOf = ({ errors }: GraphResult) =>
  (errors ?? []).map(({ extensions }) => extensions?.code);

describe('an operation that cannot be answered', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const wrong: Record<string, Operation> = {
    'a syntax error': { query: '{ jobs { ' },
    'an empty document': { query: '# nothing' },
    'an unknown field': { query: '{ nope }' },
    'an unknown argument': { query: '{ jobs(nope: 1) { totalCount } }' },
    'a missing variable': { query: 'query ($id: ID!) { job(id: $id) { id } }' },
    'a variable of the wrong type': {
      query: 'query ($first: Int) { jobs(first: $first) { totalCount } }',
      variables: { first: 'ten' },
    },
    'a broken enum value': { query: '{ jobs(filter: { statuses: [NOPE] }) { totalCount } }' },
    'an operation that is not there': { query: 'query A { __typename }', operationName: 'B' },
    'two operations and no choice': { query: 'query A { __typename } query B { __typename }' },
    'a limit out of bounds': { query: '{ jobs(first: 101) { totalCount } }' },
    'a cursor of nobody': { query: '{ jobs(after: "nope") { totalCount } }' },
  };

  describe.each(asks)('over %s', (name, ask) => {
    test.each(Object.entries(wrong))('has BAD_USER_INPUT: %s', async (_what, asked) => {
      const result = await ask(server.url, asked);
      expect(codesOf(result)).toEqual(['BAD_USER_INPUT']);
      expect(result.errors?.[0]?.message).not.toBe('');
      expect(result.errors?.[0]?.extensions).not.toHaveProperty('http');
      // The same is said of an operation that has been compiled meanwhile.
      for (let times = 0; times < 5; times += 1) {
        expect(await ask(server.url, asked)).toEqual(result);
      }
    });

    test('has NOT_FOUND for the log of an unknown job', async () => {
      const result = await ask(server.url, { query: '{ logs(jobId: "nope") { total } }' });
      expect(codesOf(result)).toEqual(['NOT_FOUND']);
      expect(result.errors?.[0]?.message).toContain('"nope"');
    });

    // An address has 16 KiB at most.
    const sent = Object.entries(bombs).filter(([, query]) => name !== 'GET' || query.length < 8192);
    test.each(sent)('is refused before it is run: %s', async (_what, query) => {
      const codes = new Set(codesOf(await ask(server.url, { query })));
      expect([...codes]).toEqual(['BAD_USER_INPUT']);
    });
  });

  const subscribing = asks.filter(
    ([name]) => name === 'server-sent events' || name === 'graphql-ws',
  );
  test.each(subscribing)('is refused as a subscription over %s', async (_name, ask) => {
    const subscribe = (call: string) =>
      ask(server.url, { query: `subscription { logStream(${call}) { total } }` });
    const { job } = await server.openLog();
    expect(codesOf(await subscribe('jobId: "nope"'))).toEqual(['NOT_FOUND']);
    const broken = await subscribe(`jobId: "${job.id}", filter: { regex: "(" }`);
    expect(codesOf(broken)).toEqual(['BAD_USER_INPUT']);
    const watched = await ask(server.url, {
      query: 'subscription { jobUpdated(id: "nope") { id } }',
    });
    expect(codesOf(watched)).toEqual(['NOT_FOUND']);
  });

  test('leaves the other operations of its socket alone', async () => {
    const socket = rawSocket(server.url);
    await once(socket, 'open');
    const answers: { type: string; id: string }[] = [];
    const say = (message: object) => socket.send(JSON.stringify(message));
    say({ type: 'connection_init' });
    await once(socket, 'message');
    const done = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        answers.push(JSON.parse(String(data)));
        if (answers.length === 5) resolve();
      });
    });
    const { query = '' } = wrong['a syntax error'] ?? {};
    say({ type: 'subscribe', id: 'syntax', payload: { query } });
    say({ type: 'subscribe', id: 'tokens', payload: { query: bombs.tokens } });
    const unknown = 'subscription { logStream(jobId: "nope") { total } }';
    say({ type: 'subscribe', id: 'unknown', payload: { query: unknown } });
    say({ type: 'subscribe', id: 'good', payload: { query: '{ __typename }' } });
    await done;
    const types = Object.fromEntries(answers.map(({ id, type }) => [id ?? type, type]));
    expect(types).toMatchObject({ syntax: 'error', tokens: 'error', unknown: 'next' });
    expect(answers.some(({ id, type }) => id === 'good' && type === 'next')).toBe(true);
    socket.terminate();
  });

  test('allows the introspection that tools ask for, and no answer without end', async () => {
    const { data } = await graphql(server.url, widestIntrospection);
    expect(Object.keys(data)).toHaveLength(30);
  });

  test('says what is wrong with a request, whatever it is', async () => {
    const post = (body: string, headers = {}) => ({ ...operation('', headers), body });
    const requests = {
      'no JSON': [400, post('{')],
      'no object': [400, post('[1]')],
      'a batch': [400, post('[{"query":"{ __typename }"}]')],
      'no query': [400, post('{}')],
      'a query that is no text': [400, post('{"query":1}')],
      'variables that are no object': [400, post('{"query":"{ __typename }","variables":[]}')],
      'a broken variable in the address': [400, { path: '/graphql?query={a}&variables={' }],
      'a broken variable in the address of a stream': [
        400,
        { path: '/graphql?query={a}&variables={', headers: { accept: 'text/event-stream' } },
      ],
      'a mutation by GET': [
        405,
        { path: '/graphql?query=mutation{deleteJob(input:{jobId:1}){deletedJobId}}' },
      ],
      'another method': [405, { method: 'PUT', path: '/graphql' }],
      'a subscription as plain JSON': [
        200,
        operation('subscription { jobUpdated { id } }', { accept: 'application/json' }),
      ],
      'a subscription by GET as JSON': [
        200,
        {
          path: '/graphql?query=subscription{jobUpdated{id}}',
          headers: { accept: 'application/json' },
        },
      ],
      'a stream in no format that there is': [
        406,
        operation('subscription { jobUpdated { id } }', { accept: 'multipart/mixed' }),
      ],
      'an answer in no format that there is': [
        406,
        operation('{ __typename }', { accept: 'image/png' }),
      ],
      'another charset': [415, post('{}', { 'content-type': 'application/json; charset=utf-7' })],
      'a path where nothing is': [404, { path: '/nope' }],
      'too much': [413, operation(`{ jobs { totalCount } } # ${'x'.repeat(256 * 1024)}`)],
      'too much, in pieces': [
        413,
        operation(`# ${'x'.repeat(256 * 1024)}`, { 'transfer-encoding': 'chunked' }),
      ],
      'too much for events': [
        413,
        operation(`# ${'x'.repeat(256 * 1024)}`, { accept: 'text/event-stream' }),
      ],
    } as const;
    for (const [what, [status, raw]] of Object.entries(requests)) {
      const answer = await send(server.url, raw);
      const { errors } = answer.json ?? JSON.parse(/^data: (.+)$/m.exec(answer.text)?.[1] ?? '{}');
      const code = errors?.[0].extensions.code;
      expect({ what, status: answer.status, known: errorCodes.includes(code) }).toEqual({
        what,
        status,
        known: true,
      });
      expect(errors[0].message.length).toBeGreaterThan(10);
      expect(answer.text).not.toContain('node_modules');
    }
  });
});

describe('an error that nobody foresaw', () => {
  const secret = 'password=hunter2 at /srv/private';
  const fail = () => Promise.reject(new TypeError(secret));
  const broken = (store: Store): Store => ({
    ...store,
    jobs: replace(store.jobs, { list: fail }),
    logs: replace(store.logs, { read: fail }),
  });
  const masked = { message: 'Something went wrong inside Trainyard; its log says what.' };

  test.each(asks)('is masked and logged once over %s', async (_name, ask) => {
    await using server = await openTestServer({ wrapStore: broken });
    const { job } = await server.openLog();
    const asked = [
      '{ jobs { totalCount } }',
      `{ job(id: "${job.id}") { logs { lines } } }`,
      // Compiled the second time.
      '{ jobs { totalCount } }',
    ];
    for (const [index, query] of asked.entries()) {
      const result = await ask(server.url, { query });
      expect(result.errors).toMatchObject([{ ...masked, extensions: { code: 'INTERNAL' } }]);
      expect(JSON.stringify(result)).not.toMatch(/hunter2|TypeError|\.ts/);
      const logged = server.log.entries.filter(({ level }) => level >= logLevel.warn);
      expect(logged).toHaveLength(index + 1);
      expect(JSON.stringify(logged[index])).toContain('hunter2');
    }
  });

  test.each(asks.filter(([name]) => name === 'server-sent events' || name === 'graphql-ws'))(
    'is masked and logged once in a subscription over %s',
    async (_name, ask) => {
      await using server = await openTestServer({ wrapStore: broken });
      const { job } = await server.openLog();
      const query = `subscription { logStream(jobId: "${job.id}") { lines } }`;
      const result = await ask(server.url, { query });
      expect(result.errors).toMatchObject([{ ...masked, extensions: { code: 'INTERNAL' } }]);
      expect(JSON.stringify(result)).not.toMatch(/hunter2|TypeError|\.ts/);
      expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toHaveLength(1);
      expect(server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
    },
  );

  test('is one where a value breaks the schema, be the operation new or compiled', async () => {
    await using server = await openTestServer({
      wrapStore: (store) => ({
        ...store,
        jobs: replace(store.jobs, {
          get: async (id) =>
            JSON.parse(JSON.stringify({ ...(await store.jobs.get(id)), name: null })),
        }),
      }),
    });
    const { job } = await server.openLog();
    for (const times of [1, 2, 3, 4, 5, 6]) {
      const { data, errors } = await graphql(server.url, `{ job(id: "${job.id}") { id name } }`);
      expect({ data, errors }).toMatchObject({
        data: { job: null },
        errors: [{ ...masked, path: ['job', 'name'], extensions: { code: 'INTERNAL' } }],
      });
      const logged = server.log.entries.filter(({ level }) => level >= logLevel.warn);
      expect(logged).toHaveLength(times);
    }
  });

  test('is masked on routes without GraphQL, too', async () => {
    await using server = await openTestServer({
      wrapStore: (store) => ({ ...store, jobs: replace(store.jobs, { get: fail }) }),
    });
    const { status, text, json } = await send(server.url, { path: '/jobs/x/log' });
    expect([status, json.errors[0].extensions.code]).toEqual([500, 'INTERNAL']);
    expect(text).not.toContain('hunter2');
    expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toHaveLength(1);
  });
});
