import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { graphql } from '../support/clients.ts';
import { operation, send } from '../support/http.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

describe('a deploy', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await openTestApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const input = { provider: 'local', recipe: 'print', modelName: 'm' };
  const wrong: [string, object, string, RegExp][] = [
    ['of an unknown provider', { provider: 'moon' }, 'NOT_FOUND', /no provider "moon".*local/],
    ['of an unknown recipe', { recipe: 'nope' }, 'BAD_USER_INPUT', /no recipe "nope".*print/],
    ['without a model', { modelName: ' ' }, 'BAD_USER_INPUT', /modelName is empty/],
    ['with an endless recipe', { recipe: 'x'.repeat(201) }, 'BAD_USER_INPUT', /recipe is over 200/],
    ['with a NUL in its recipe', { recipe: 'a\0b' }, 'BAD_USER_INPUT', /recipe holds a NUL/],
    ['with an endless name', { name: 'x'.repeat(201) }, 'BAD_USER_INPUT', /name is over 200/],
    [
      'with a config that is text',
      { config: 'fast' },
      'BAD_USER_INPUT',
      /input\.config.*object in braces/,
    ],
    [
      'with a config that is a list',
      { config: [1] },
      'BAD_USER_INPUT',
      /input\.config.*object in braces/,
    ],
    [
      'with a config that is a number',
      { config: 3 },
      'BAD_USER_INPUT',
      /input\.config.*object in braces/,
    ],
    [
      'with a large config',
      { config: { a: 'x'.repeat(65_536) } },
      'BAD_USER_INPUT',
      /at most 65536/,
    ],
    ['with what only pods understand', { runpod: { gpuCount: 1 } }, 'BAD_USER_INPUT', /RUNPOD/],
    ['with a field that is not there', { nope: 1 }, 'BAD_USER_INPUT', /nope/],
  ];
  test.each(wrong)(
    '%s is refused with its reason, and saves nothing',
    async (_what, change, code, said) => {
      const { data, errors } = await graphql(
        app.url,
        'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }',
        { input: { ...input, ...change } },
      );
      expect(data ?? null).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code } }]);
      expect(errors?.[0]?.message).toMatch(said);
      const listed = await graphql(app.url, '{ jobs { totalCount } }');
      expect(listed.data.jobs.totalCount).toBe(0);
    },
  );

  test('with a config that nests without end is refused with its reason', async () => {
    const levels = 20_000;
    const query =
      'mutation ($c: JSONObject!) { deployJob(input: { provider: "local", modelName: "m", config: $c }) { job { id } } }';
    const config = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const { json } = await send(app.url, {
      ...operation(query),
      body: `{"query":${JSON.stringify(query)},"variables":{"c":${config}}}`,
    });
    expect(json.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(json.errors[0].message).toMatch(/100 levels/);
  });

  test('takes a config as a literal, and refuses one that is no object', async () => {
    const deploy = (config: string) =>
      graphql(
        app.url,
        `mutation { deployJob(input: { provider: "moon", modelName: "m", config: ${config} }) { job { id } } }`,
      );
    const [good] = (await deploy('{ lines: 1, list: [1, "a", null, { b: true }] }')).errors ?? [];
    expect(good?.message).toContain('no provider "moon"');
    for (const config of ['"text"', '[1]', '1', 'true']) {
      const [error] = (await deploy(config)).errors ?? [];
      expect(error?.message).toMatch(/object in braces/);
    }
  });
});

describe('a question', () => {
  let server: TestServer;
  let id: string;
  beforeAll(async () => {
    server = await openTestServer();
    const log = await server.openLog();
    id = log.job.id;
    await log.print('one');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const wrong: [string, string, RegExp][] = [
    ['logs(jobId: "ID", limit: 0) { total }', 'BAD_USER_INPUT', /limit is 0; .*1 and 5000/],
    ['logs(jobId: "ID", limit: 5001) { lines }', 'BAD_USER_INPUT', /limit is 5001; .*1 and 5000/],
    ['logs(jobId: "ID", limit: -1) { lines }', 'BAD_USER_INPUT', /limit is -1; .*1 and 5000/],
    ['logs(jobId: "ID", limit: 2147483647) { lines }', 'BAD_USER_INPUT', /1 and 5000/],
    ['logs(jobId: "ID", limit: 2147483648) { lines }', 'BAD_USER_INPUT', /32-bit/],
    ['logs(jobId: "ID", offset: 1.5) { lines }', 'BAD_USER_INPUT', /offset|Int/],
    ['logs(jobId: "ID", offset: 99999999999) { lines }', 'BAD_USER_INPUT', /32-bit/],
    ['job(id: "ID") { logs(limit: 9999) { lines } }', 'BAD_USER_INPUT', /1 and 5000/],
    ['job(id: "ID") { metrics(maxPoints: 1) { name } }', 'BAD_USER_INPUT', /2 and 4000/],
    ['job(id: "ID") { metrics(maxPoints: 2147483647) { name } }', 'BAD_USER_INPUT', /2 and 4000/],
    ['jobs(first: 0) { totalCount }', 'BAD_USER_INPUT', /first is 0; .*1 and 100/],
    ['jobs(first: 2147483647) { totalCount }', 'BAD_USER_INPUT', /first is .*1 and 100/],
    ['jobs(last: 101) { totalCount }', 'BAD_USER_INPUT', /last is 101; .*1 and 100/],
    ['jobs(after: "nope") { totalCount }', 'BAD_USER_INPUT', /after is not a cursor/],
    ['logs(jobId: "nobody") { total }', 'NOT_FOUND', /no job "nobody"/],
    ['logs(jobId: "ID", filter: { regex: "(" }) { total }', 'BAD_USER_INPUT', /regex.*RE2/],
    ['logs(jobId: "ID", filter: { exclude: "(" }) { total }', 'BAD_USER_INPUT', /exclude.*RE2/],
    ['logs(jobId: "ID", filter: { regex: "(a)\\\\1" }) { total }', 'BAD_USER_INPUT', /regex.*RE2/],
    [
      'logs(jobId: "ID", filter: { regex: "LONG" }) { total }',
      'BAD_USER_INPUT',
      /1000 are allowed/,
    ],
    [
      'logs(jobId: "ID", filter: { contains: "LONG" }) { total }',
      'BAD_USER_INPUT',
      /1000 are allowed/,
    ],
    ['logs(jobId: "ID", filter: { since: "yesterday" }) { total }', 'BAD_USER_INPUT', /RFC 3339/],
    [
      'logs(jobId: "ID", filter: { since: "2026-02-30T12:00:00Z" }) { total }',
      'BAD_USER_INPUT',
      /RFC 3339/,
    ],
    ['logs(jobId: "ID", filter: { minLevel: LOUD }) { total }', 'BAD_USER_INPUT', /LOUD/],
  ];
  test.each(wrong)('%s', async (field, code, said) => {
    const query = `{ ${field.replace('ID', id).replace('LONG', 'x'.repeat(1001))} }`;
    const { errors } = await graphql(server.url, query);
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors?.[0]?.message).toMatch(said);
  });

  test('may name characters and repeat them', async () => {
    const regex = '\\\\x{1F600}|\\\\p{Greek}|(?i)ONE|a{3,}|b{2,500}|c{400}';
    const query = `{ logs(jobId: "${id}", filter: { regex: "${regex}" }) { lines } }`;
    expect((await graphql(server.url, query)).data).toEqual({ logs: { lines: ['one'] } });
  });

  test('about what is not there is answered with null where that says it', async () => {
    const query = '{ job(id: "nobody") { id } provider(name: "moon") { name } }';
    const { data, errors } = await graphql(server.url, query);
    expect({ data, errors }).toEqual({ data: { job: null, provider: null }, errors: undefined });
  });

  test('beyond the end of a log goes on there, with a filter as without', async () => {
    const { data } = await graphql(
      server.url,
      `query ($id: ID!) {
        plain: logs(jobId: $id, offset: 1000) { nextOffset hasMore }
        filtered: logs(jobId: $id, offset: 1000, filter: { contains: "x" }) { nextOffset hasMore }
      }`,
      { id: (await server.openLog()).job.id },
    );
    const there = { nextOffset: 1000, hasMore: false };
    expect(data).toEqual({ plain: there, filtered: there });
  });

  test('beyond the end of a log has an empty page', async () => {
    const query = `{ logs(jobId: "${id}", offset: 2147483647) { lines offset nextOffset total hasMore } }`;
    const { data } = await graphql(server.url, query);
    expect(data.logs).toMatchObject({ lines: [], total: 1, hasMore: false });
  });

  const changes: [string, string, RegExp][] = [
    ['cancelJob(input: { jobId: "nobody" }) { job { id } }', 'NOT_FOUND', /"nobody"/],
    ['deleteJob(input: { jobId: "nobody" }) { deletedJobId }', 'NOT_FOUND', /"nobody"/],
    ['deleteJob(input: { jobId: "ID" }) { deletedJobId }', 'CONFLICT', /QUEUED/],
  ];
  test.each(changes)('or change: %s', async (field, code, said) => {
    const { errors } = await graphql(server.url, `mutation { ${field.replace('ID"', `${id}"`)} }`);
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors?.[0]?.message).toMatch(said);
  });
});
