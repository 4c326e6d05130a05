import { buildSchema, type ExecutionArgs, parse } from 'graphql';
import type { Client } from 'graphql-ws';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Principal } from '../../src/access/principal.ts';
import { parseToken, Tokens } from '../../src/access/tokens.ts';
import { parseEnvironment } from '../../src/config/environment.ts';
import { createSubscriber } from '../../src/graphql/engine/subscribe.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { graphql, graphSocket, subscribe } from '../support/clients.ts';
import { operation, send } from '../support/http.ts';
import { openTestServer } from '../support/server.ts';

const mutation = (model: string) =>
  `mutation { deployJob(input: {provider: "local", recipe: "print", modelName: "${model}"}) { job { createdBy } } }`;

describe('whoever asks', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await openTestApp({ tokens: ['ada:one', 'two', 'grace@lab:with:colons'] });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  type Ask = (authorization: string) => Promise<string>;
  const ways: [string, Ask][] = [
    [
      'HTTP',
      async (authorization) => {
        const answer = await graphql(app.url, mutation('http'), {}, { authorization });
        return answer.data?.deployJob.job.createdBy ?? answer.errors?.[0]?.extensions?.code;
      },
    ],
    [
      'server-sent events',
      async (authorization) => {
        const headers = { authorization, accept: 'text/event-stream' };
        const type = { 'content-type': 'application/json' };
        const { text } = await send(app.url, {
          method: 'POST',
          path: '/graphql',
          headers: { ...type, ...headers },
          body: JSON.stringify({ query: mutation('events') }),
        });
        return /"createdBy":"([^"]+)"/.exec(text)?.[1] ?? /"code":"(\w+)"/.exec(text)?.[1] ?? text;
      },
    ],
    [
      'a socket, by its parameters',
      (authorization) => bySocket(graphSocket(app.url, { connectionParams: { authorization } })),
    ],
    [
      'a socket, by its upgrade',
      (authorization) => bySocket(graphSocket(app.url, { headers: { authorization } })),
    ],
  ];

  async function bySocket(client: ReturnType<typeof graphSocket>): Promise<string> {
    using closing = client;
    try {
      for await (const { data } of subscribe(closing, mutation('socket'))) {
        return data.deployJob.job.createdBy;
      }
    } catch {}
    return 'UNAUTHENTICATED';
  }

  test.each(ways)('by %s is kept by name with the job', async (_way, ask) => {
    expect(await ask('Bearer one')).toBe('ada');
    expect(await ask('Bearer two')).toBe('token 2');
    expect(await ask('Bearer with:colons')).toBe('grace@lab');
    for (const wrong of ['Bearer ada', 'Bearer ', 'one', 'Bearer ada:', 'Bearer one ']) {
      expect(await ask(wrong)).toMatch(wrong === 'Bearer one ' ? /ada|UNAUTH/ : /UNAUTHENTICATED/);
    }
  });

  test('is asked for again with each request of one connection', async () => {
    const agent = new Agent({ connections: 1 });
    onTestFinished(() => agent.close());
    const said = [];
    for (const token of ['one', 'two', 'none', 'one']) {
      const response = await agent.request({
        origin: app.url,
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: mutation('again') }),
      });
      const text = await response.body.text();
      said.push(/"(?:createdBy|code)":"([^"]+)"/.exec(text)?.[1]);
    }
    expect(said).toEqual(['ada', 'token 2', 'UNAUTHENTICATED', 'ada']);
  });

  test('survives a restart with the job', async () => {
    const query = '{ jobs(first: 1) { edges { node { createdBy } } } }';
    const { data } = await graphql(app.url, query, {}, { authorization: 'Bearer one' });
    expect(data.jobs.edges[0].node.createdBy).toBe('ada');
  });
});

test('without tokens it is this machine', async () => {
  await using app = await openTestApp();
  const { data } = await graphql(app.url, mutation('m'));
  expect(data.deployJob.job.createdBy).toBe('this machine');
});

test('live pages are executed once for all streams of one principal, and again for another', async () => {
  const schema = buildSchema('type Query { a: Int } type Subscription { pages(offset: Int): Int }');
  const field = schema.getSubscriptionType()?.getFields().pages;
  if (!field) throw new Error('there is no field');
  field.extensions = { shared: { apartFrom: 'offset' } };
  const page = { pages: 1 };
  field.subscribe = async function* () {
    yield page;
  };
  const askers: unknown[] = [];
  const execute = (args: ExecutionArgs) => {
    askers.push(args.contextValue);
    return { data: { pages: 1 } };
  };
  const subscribeAs = createSubscriber(execute, (error) => {
    throw error;
  });
  const document = parse('subscription { pages }');
  const context = (principal: Principal) => ({ principal, liveLogs: null, pace: null });
  const ada = { kind: 'token', name: 'ada' } as const;
  const results = [];
  for (const who of [
    ada,
    { ...ada },
    { ...ada, name: 'bob' },
    { ...ada, kind: 'machine' as const },
  ]) {
    const source = await subscribeAs({ schema, document, contextValue: context(who) });
    if (!(Symbol.asyncIterator in source)) throw new Error('it was refused');
    for await (const { data } of source) results.push(data);
  }
  expect(askers).toHaveLength(3);
  expect(results[0]).toBe(results[1]);
  expect(results[2]).not.toBe(results[0]);
  expect(results[3]).not.toBe(results[0]);
});

test.each([
  [undefined, 'Send a token of this server', 'Bearer'],
  ['Bearer wrong', 'The token is not known here', 'Bearer error="invalid_token"'],
  ['secret', 'not of the form `Bearer TOKEN`', 'Bearer error="invalid_token"'],
])('the authorization %s is refused in words of its own', async (authorization, words, demand) => {
  await using server = await openTestServer({ tokens: ['the-token-of-this-test'] });
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const answer = await send(server.url, operation('{ providers { name } }', headers));
  expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': demand } });
  expect(answer.json.errors[0].message).toContain(words);
  using client = graphSocket(server.url, { connectionParams: { authorization } });
  const closed = once(client, 'closed');
  client.subscribe({ query: '{ providers { name } }' }, { next() {}, error() {}, complete() {} });
  expect(await closed).toMatchObject({ code: 4401, reason: expect.stringContaining(words) });
});

function once(client: Client, event: 'closed'): Promise<unknown> {
  return new Promise((resolve) => client.on(event, resolve));
}

describe('tokens', () => {
  test.each([
    ['plain', { token: 'plain' }],
    ['ada:secret', { name: 'ada', token: 'secret' }],
    ['a:b:c', { name: 'a', token: 'b:c' }],
    [':secret', { token: ':secret' }],
    ['ada:', { token: 'ada:' }],
    ['no/name:secret', { token: 'no/name:secret' }],
  ])('%s is read', (entry, read) => {
    expect(parseToken(entry)).toEqual(read);
  });

  test('with a colon is still shown as a whole by those who had it so', () => {
    const tokens = new Tokens(['ada:secret']);
    expect(tokens.holderOf('Bearer ada:secret')).toEqual({ kind: 'token', name: 'ada' });
    expect(tokens.holderOf('bearer secret')).toEqual({ kind: 'token', name: 'ada' });
    expect(tokens.holderOf(undefined)).toBeNull();
    expect(tokens.holderOf({ toString: () => 'Bearer secret' })).toBeNull();
  });

  test('that two names share are refused, unseen', () => {
    const read = () => parseEnvironment({ TRAINYARD_TOKENS: 'ada:s3cret,bob:s3cret' });
    expect(read).toThrow(/^TRAINYARD_TOKENS is \(hidden\): it must not hold one token twice/);
  });
});
