import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { messageOf } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/job.ts';
import type { StatusReport } from '../../../src/core/provider.ts';
import type { OpenedProvider } from '../../../src/core/provider-kind.ts';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import { DialectServer, type Fault, type Reply } from '../../support/dialects/http.ts';
import { openQueueingServer, type QueueingServer } from '../../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../../support/dialects/script.ts';
import { openSmallAgent } from '../../support/dialects/small-agent.ts';
import { Follower, jobOf, refOf } from '../follow.ts';

const apiKey = 'key-7f3a';
const { signal } = new AbortController();
const ref = refOf('job-a');
let stack: AsyncDisposableStack;
let foreign: QueueingServer;
let provider: OpenedProvider;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  foreign = await openQueueingServer({ apiKey });
  stack.defer(() => foreign.server.close());
  provider = open(foreign.server.url);
});
afterEach(async () => {
  await stack.disposeAsync();
});

function open(url: string, key: string | null = apiKey): OpenedProvider {
  const timeouts = { headersMs: 800, bodyMs: 10_000 };
  const opened = openLocalProvider({
    name: 'box',
    url,
    apiKey: key,
    recipes: null,
    defaultsOf: () => dialectDefaults,
    timeouts,
  });
  stack.defer(() => opened.close());
  return opened;
}

async function serve(reply: Reply): Promise<DialectServer> {
  const server = await DialectServer.open(() => reply);
  stack.defer(() => server.close());
  return server;
}

async function report(of: OpenedProvider = provider): Promise<StatusReport | undefined> {
  const [first] = await Array.fromAsync(of.status([ref], signal));
  return first;
}

/** The error of a deploy, which must fail. */
async function refusal(reply: Reply): Promise<unknown> {
  foreign.server.fail({ on: /execute/, act: reply });
  return provider.deploy(jobOf('job-a'), signal).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

describe('an answer that is none', () => {
  const acts: Record<string, Fault['act']> = {
    'HTTP 500': { status: 500, body: { detail: 'Internal Server Error' } },
    'a gateway that answers for it': { status: 502, body: null },
    garbage: 'garbage',
    'a body without end': 'endless',
    'half a body': 'cut',
    silence: 'hang',
    'JSON of another kind': { status: 200, body: { status: 7 } },
  };
  for (const [name, act] of Object.entries(acts)) {
    test(`${name} leaves the job's state unknown for now`, async () => {
      await provider.deploy(jobOf('job-a'), signal);
      const takeBack = foreign.server.fail({ on: /status/, act });
      expect(await report()).toMatchObject({
        jobId: 'job-a',
        error: {
          code: 'PROVIDER_UNAVAILABLE',
          message: expect.stringMatching(/^Provider box could not read the status of job job-a: /),
        },
      });
      takeBack();
      expect(await report()).toMatchObject({ state: { status: 'RUNNING' } });
    });
  }

  test('JSON as Python writes it is read: what is no number says nothing', async () => {
    const server = await DialectServer.open((_asked, response) => {
      const text = '"it said \\"NaN\\", NaN"';
      response.end(
        `{"status": "failed", "loss": NaN, "progress": -Infinity, "error_message": ${text}}`,
      );
      return undefined;
    });
    stack.defer(() => server.close());
    const state = { status: 'FAILED', failure: { message: 'it said "NaN", NaN' } };
    const said = (await report(open(server.url))) as { state?: object };
    expect(said).toMatchObject({ state });
    expect(said.state).not.toHaveProperty('progress');
  });

  test('a text that is never closed holds nobody up', async () => {
    const server = await DialectServer.open((_asked, response) => {
      response.end(`<a href="${'NaN and more '.repeat(100_000)}`);
      return undefined;
    });
    stack.defer(() => server.close());
    expect(await report(open(server.url))).toMatchObject({
      error: { code: 'PROVIDER_UNAVAILABLE' },
    });
  });

  test('a page that says 404 is no training server that forgot a job', async () => {
    const server = await serve({ status: 404, body: 'Not Found' });
    expect(await report(open(server.url))).toMatchObject({
      error: {
        code: 'PROVIDER_UNAVAILABLE',
        message: expect.stringContaining('check TRAINING_SERVER_URL'),
      },
    });
  });

  test('a job whose status is slow holds up no other', async () => {
    const ids = ['job-a', 'job-b', 'job-c'];
    for (const id of ids) await provider.deploy(jobOf(id), signal);
    foreign.server.fail({ on: /status\/job-a/, act: 'hang' });
    const reports = await Array.fromAsync(provider.status(ids.map(refOf), signal));
    expect(reports.map(({ jobId }) => jobId).toSorted()).toEqual(ids);
    expect(reports.at(-1)).toMatchObject({
      jobId: 'job-a',
      error: { code: 'PROVIDER_UNAVAILABLE' },
    });
  });

  test('a server that trains in its own event loop is asked until it answers', async () => {
    const agent = await openSmallAgent({ blocking: true });
    stack.defer(() => agent.server.close());
    const busy = open(agent.server.url, null);
    await busy.deploy(jobOf('job-a'), signal);
    expect(await report(busy)).toMatchObject({ error: { code: 'PROVIDER_UNAVAILABLE' } });
    expect(await busy.health(signal)).toMatchObject({ status: 'DEGRADED' });
    const early = new Follower(busy.followLogs(ref, null, signal));
    await expect(early.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    agent.jobs.get('job-a')?.emit(['one', 'two']);
    agent.jobs.get('job-a')?.finish('completed');
    expect(await report(busy)).toMatchObject({ state: { status: 'COMPLETED' } });
    const follower = new Follower(busy.followLogs(ref, null, signal));
    await follower.done;
    expect(follower.lines).toEqual(['one', 'two']);
  });
});

describe('a refusal', () => {
  test('names the fields that were not accepted', async () => {
    const detail = [
      { loc: ['body', 'config', 'epochs'], msg: 'Input should be a valid integer', type: 'int' },
      { loc: ['body', 'name'], msg: 'Field required', type: 'missing' },
    ];
    expect(await refusal({ status: 422, body: { detail } })).toMatchObject({
      code: 'PROVIDER_REJECTED',
      message:
        'Provider box could not deploy job job-a: it answered "body.config.epochs: Input should be a valid integer; body.name: Field required" (422)',
    });
  });

  for (const [status, body] of [
    [400, { detail: 'bad words' }],
    [400, { message: 'bad words', detail: 'no' }],
    [409, { error: 'bad words', code: 'CONFLICT', message: 'no' }],
    [200, { success: false, message: 'bad words' }],
  ] as const) {
    test(`is told in the server's own words: ${JSON.stringify(body)}`, async () => {
      expect(await refusal({ status, body })).toMatchObject({
        code: 'PROVIDER_REJECTED',
        message: `Provider box could not deploy job job-a: it answered "bad words" (${status})`,
      });
    });
  }

  test('is none where the body says success', async () => {
    foreign.server.fail({ on: /execute/, act: { status: 500, body: { success: true, id: 17 } } });
    expect(await provider.deploy(jobOf('job-a'), signal)).toEqual({ externalId: '17' });
  });

  test('of the key says which variable to set, and does not show the key', async () => {
    const error = await refusal({ status: 401, body: { detail: `no such key: ${apiKey}` } });
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(messageOf(error)).toContain('TRAINING_SERVER_API_KEY');
    expect(messageOf(error)).not.toContain(apiKey);
  });

  test('for too many requests is heeded by every call', async () => {
    await provider.deploy(jobOf('job-a'), signal);
    const limited = {
      status: 429,
      body: { detail: 'Slow down' },
      headers: { 'retry-after': '120' },
    };
    foreign.server.fail({ on: /status/, act: limited, times: 1 });
    expect(await report()).toMatchObject({
      error: { code: 'RATE_LIMITED', retryAfterMs: 120_000 },
    });
    const calls = foreign.server.calls.length;
    const again = await provider.find(jobOf('job-a'), signal).catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'RATE_LIMITED' });
    expect(again).toHaveProperty('retryAfterMs', expect.closeTo(120_000, -4));
    expect(foreign.server.calls.length).toBe(calls);
  });

  test.each([
    ['', 0],
    [', though its clock is a day ahead', 24 * 3_600_000],
    [', though its clock is a day behind', -24 * 3_600_000],
  ])('for too many requests may name a date%s', async (_, aheadMs) => {
    const now = Date.now() + aheadMs;
    const [date = '', later = ''] = [now, now + 60_000].map((ms) => new Date(ms).toUTCString());
    const headers = { date, 'retry-after': later };
    const error = await refusal({ status: 429, body: null, headers });
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
  });
});

test('sends its key to the configured server alone', async () => {
  const other = await serve({ status: 200, body: { status: 'running' } });
  const location = `${other.url}/api/training/status/job-a`;
  const moved = await serve({ status: 307, body: {}, headers: { location } });
  expect(await report(open(moved.url))).toMatchObject({ error: { code: 'PROVIDER_UNAVAILABLE' } });
  expect(moved.authorizations).toEqual([`Bearer ${apiKey}`]);
  expect(other.calls).toEqual([]);
});

test('keeps the path of the configured URL', async () => {
  const server = await serve({ status: 200, body: { status: 'Warming-Up' } });
  expect(await report(open(`${server.url}/gpu-1/`))).toEqual({
    jobId: 'job-a',
    state: { status: null, providerStatus: 'Warming-Up' },
  });
  expect(server.calls).toEqual(['GET /gpu-1/api/training/status/job-a']);
});

test('a job whose acceptance was lost on the way is not started again', async () => {
  foreign.server.fail({ on: /execute/, act: 'cut', times: 1 });
  await expect(provider.deploy(jobOf('job-a'), signal)).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
  });
  expect(await provider.deploy(jobOf('job-a'), signal)).toEqual({ externalId: 'job-a' });
  expect(foreign.executions.get('job-a')).toBe(1);
});

test('asks for what the job was saved with: all that the caller gave, and what is missing', async () => {
  const deploy = async (id: string, config: JsonObject) => {
    await provider.deploy(jobOf(id, { recipe: 'lora', modelName: 'llama', config }), signal);
    return foreign.jobs.get(id)?.config;
  };
  const given = { epochs: 3, recipe: 'other', model: { revision: 'main' }, training: { lr: 1e-5 } };
  expect(await deploy('job-a', given)).toEqual({
    ...dialectDefaults,
    epochs: 3,
    recipe: 'other',
    model: { revision: 'main', name: 'llama' },
    training: { method: 'sft', lr: 1e-5 },
  });
  const whole = {
    model: { name: 'mine' },
    tokenizer: { name: 't' },
    training: { method: 'dpo' },
    data: ['a'],
  };
  expect(await deploy('job-b', whole)).toEqual(whole);
});

test("says what an existing server misses in a job's config", async () => {
  await using opened = new AsyncDisposableStack();
  const agent = await openSmallAgent();
  opened.defer(() => agent.server.close());
  const bare = opened.adopt(
    openLocalProvider({ name: 'box', url: agent.server.url, apiKey: null, recipes: null }),
    (it) => it.close(),
  );
  await expect(bare.deploy(jobOf('job-a'), signal)).rejects.toMatchObject({
    code: 'PROVIDER_REJECTED',
    message: expect.stringContaining('tokenizer'),
  });
});

test('asks for a forced end in the address', async () => {
  await provider.deploy(jobOf('job-a'), signal);
  expect(await provider.cancel(ref, { force: true }, signal)).toBe(true);
  expect(foreign.server.calls).toContain('POST /api/training/cancel/job-a?force=true');
});

describe('health', () => {
  test('is down, with what to do, where nobody listens', async () => {
    await foreign.server.close();
    const health = await provider.health(signal);
    expect(health).toMatchObject({ status: 'DOWN', latencyMs: null });
    expect(health.message).toContain(`nothing listens at ${foreign.server.url}`);
    expect(provider.logNotice(jobOf('job-a'))).toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    expect(provider.logNotice(jobOf('job-b', { status: 'COMPLETED' }))).toBeNull();
  });

  test('is down while the server fails, and up again after', async () => {
    const takeBack = foreign.server.fail({ on: /health/, act: { status: 503, body: null } });
    expect(await provider.health(signal)).toMatchObject({ status: 'DOWN' });
    takeBack();
    expect(await provider.health(signal)).toMatchObject({ status: 'UP' });
    expect(provider.logNotice(jobOf('job-a'))).toBeNull();
  });

  test('is degraded where the server refuses', async () => {
    foreign.server.fail({ on: /health/, act: { status: 403, body: { detail: 'Forbidden' } } });
    expect(await provider.health(signal)).toMatchObject({
      status: 'DEGRADED',
      message: expect.stringContaining('TRAINING_SERVER_API_KEY'),
    });
  });

  test('is degraded where the key is wrong, before any job needs it', async () => {
    const wrong = open(foreign.server.url, 'another key');
    const message = expect.stringContaining('TRAINING_SERVER_API_KEY');
    expect(await wrong.health(signal)).toMatchObject({ status: 'DEGRADED', message });
    expect(wrong.logNotice(jobOf('job-a'))).toMatchObject({ code: 'PROVIDER_REFUSES', message });
    expect(await provider.health(signal)).toMatchObject({ status: 'UP', message: null });
  });

  test('tells which recipes the server has, unless they are configured', async () => {
    const server = await serve({ status: 200, body: { status: 'ok', recipes: ['lora', 'full'] } });
    const asking = open(server.url);
    await asking.health(signal);
    expect(asking.recipes()).toEqual(['lora', 'full']);
    await using configured = new AsyncDisposableStack();
    const options = { name: 'box', url: server.url, apiKey: null, recipes: ['only'] };
    const told = configured.adopt(openLocalProvider(options), (it) => it.close());
    await told.health(signal);
    expect(told.recipes()).toEqual(['only']);
  });

  test('tells of no recipes before the server has answered, and then of one where it names none', async () => {
    const takeBack = foreign.server.fail({ on: /health/, act: { status: 503, body: null } });
    expect(provider.recipes()).toEqual([]);
    await provider.health(signal);
    expect(provider.recipes()).toEqual([]);
    takeBack();
    await provider.health(signal);
    expect(provider.recipes()).toEqual(['default']);
  });
});

test('closing ends the calls that are under way', async () => {
  foreign.server.fail({ on: /logs/, act: 'hang' });
  const following = new Follower(provider.followLogs(ref, null, signal));
  await provider.close();
  await expect(following.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  await provider.close();
});
