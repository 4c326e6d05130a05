import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import { openTestApp } from '../../support/app.ts';
import { deploy, graphql, serverSentEvents } from '../../support/clients.ts';
import type { DialectServer } from '../../support/dialects/http.ts';
import { openQueueingServer } from '../../support/dialects/queueing-server.ts';
import { dialectDefaults, type ScriptedJob } from '../../support/dialects/script.ts';
import { openSmallAgent } from '../../support/dialects/small-agent.ts';

// The stand-ins of the existing training servers must be at least as strict as these are: what a stand-in lets
// pass, no other test finds.

interface Dialect {
  server: DialectServer;
  jobs: Map<string, ScriptedJob>;
}

const whole: Record<string, unknown> = {
  execution_id: 'job-a',
  name: 'a job',
  user_id: 'somebody',
  access_token: 'token',
  job_token: 'token',
  config: { ...dialectDefaults, model: { name: 'llama' } },
};

const dialects: [string, () => Promise<Dialect>, { demanded: string[]; statusKeys: number }][] = [
  ['a queueing server', openQueueingServer, { demanded: ['user_id'], statusKeys: 41 }],
  [
    'a small agent',
    openSmallAgent,
    { demanded: ['user_id', 'access_token', 'job_token'], statusKeys: 16 },
  ],
];

describe.each(dialects)('the stand-in of %s', (name, openDialect, { demanded, statusKeys }) => {
  let dialect: Dialect;
  beforeEach(async () => {
    dialect = await openDialect();
  });
  afterEach(() => dialect.server.close());

  const execute = (body: unknown, type = 'application/json') =>
    call('/api/training/execute', {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  async function call(path: string, init: RequestInit = {}) {
    const response = await fetch(dialect.server.url + path, init);
    return { status: response.status, body: JSON.parse(await response.text()) };
  }

  test.each(['execution_id', 'name', 'config', ...demanded])(
    'refuses a job without %s, or with one of another kind',
    async (field) => {
      const { [field]: _, ...without } = whole;
      expect(await execute(without)).toEqual({
        status: 422,
        body: {
          detail: [
            { loc: ['body', field], msg: 'field required', type: expect.stringMatching(/missing/) },
          ],
        },
      });
      for (const value of [null, 7, ['x']]) {
        expect((await execute({ ...whole, [field]: value })).status).toBe(422);
      }
      expect(dialect.jobs.size).toBe(0);
      expect((await execute(whole)).status).toBe(200);
    },
  );

  test('refuses a body that is no JSON, or does not say that it is', async () => {
    expect((await execute('{"execution_id":')).status).toBe(422);
    expect((await execute(whole, 'text/plain')).status).toBe(422);
    expect(dialect.jobs.size).toBe(0);
  });

  test('refuses a config without what it trains by', async () => {
    const parts =
      name === 'a small agent' ? ['model', 'tokenizer', 'training', 'data'] : ['model', 'training'];
    for (const part of parts) {
      const config = { ...Object(whole.config), [part]: undefined };
      const refused = await execute({ ...whole, config });
      expect(refused.status).toBe(name === 'a small agent' ? 422 : 400);
      expect(JSON.stringify(refused.body)).toContain(part);
    }
  });

  test.each(['limit=0', 'limit=5001', 'limit=-1', 'limit=ten', 'offset=1.5', 'offset='])(
    'refuses a page with %s',
    async (query) => {
      await execute(whole);
      expect(await call(`/api/training/logs/job-a?${query}`)).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['query', query.split('=')[0]], msg: expect.any(String) }] },
      });
    },
  );

  test('has as many keys in a status as the real one, and no stream of a log', async () => {
    await execute(whole);
    const { body } = await call('/api/training/status/job-a');
    expect(Object.keys(body)).toHaveLength(statusKeys);
    expect((await call('/api/training/logs/job-a/stream?offset=0')).status).toBe(404);
  });

  test('has its jobs deployed, followed and completed by a whole server', async () => {
    const open = async () =>
      openLocalProvider({
        name: 'box',
        url: dialect.server.url,
        apiKey: null,
        recipes: null,
        defaultsOf: () => dialectDefaults,
      });
    const providers = [{ name: 'box', open }];
    await using app = await openTestApp({ embeddedTrainer: null, providers });
    const id = await deploy(app.url, { provider: 'box' });
    const job = dialect.jobs.get(id);
    job?.emit(['one', 'two']);
    const query = `subscription ($id: ID!) { logStream(jobId: $id) { lines complete } }`;
    const lines: string[] = [];
    for await (const { data } of serverSentEvents(app.url, query, { id })) {
      lines.push(...data.logStream.lines);
      if (lines.length !== 2) continue;
      job?.emit(['three']);
      job?.finish('failed', { error: 'CUDA out of memory', exitCode: 1 });
    }
    expect(lines).toEqual(['one', 'two', 'three']);
    const { data } = await graphql(
      app.url,
      `{ job(id: "${id}") { status failure { message } logs { complete gaps { reason } notice { code } } } }`,
    );
    expect(data.job).toMatchObject({
      status: 'FAILED',
      failure: { message: expect.stringMatching(/out of memory|exit code 1/) },
      logs: { complete: true, gaps: [], notice: null },
    });
  });
});
