import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  shell,
  startTrainer,
  type TestTrainer,
  type TrainerClient,
} from '../support/trainer/harness.ts';

let trainer: TestTrainer;
let client: TrainerClient;

beforeAll(async () => {
  trainer = await startTrainer({
    recipes: { default: shell, cat: { command: ['cat', '{dataset}'], dataset: 'standard.jsonl' } },
  });
  client = trainer.client;
  await writeFile(path.join(trainer.dataDir, 'standard.jsonl'), 'standard\n');
});
afterAll(async () => {
  await trainer[Symbol.asyncDispose]();
});

const execute = (body: object) => client.post('/api/training/execute', body);
const script = (text: string) => ({ script: text });

describe('health', () => {
  test('names the server, its load and its recipes', async () => {
    expect(await client.get('/health')).toEqual({
      status: 200,
      body: {
        status: 'ok',
        service: 'trainyard-trainer',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        running: expect.any(Number),
        queued: expect.any(Number),
        gpus: expect.any(Array),
        recipes: ['default', 'cat'],
        recipe_list: [
          expect.objectContaining({ name: 'default', dataset: null }),
          expect.objectContaining({ name: 'cat', dataset: 'standard.jsonl' }),
        ],
      },
    });
  });
});

describe('execute', () => {
  test('queues a job under the id that it is given', async () => {
    const body = { execution_id: 'e.1_A-z', name: 'one', config: script('true') };
    expect(await execute(body)).toEqual({
      status: 200,
      body: {
        job_id: 'e.1_A-z',
        status: 'queued',
        queue_position: expect.any(Number),
        message: expect.any(String),
      },
    });
    expect((await client.over('e.1_A-z')).end.status).toBe('completed');
  });

  test('answers a repeated request with the same job, and refuses another one of the same id', async () => {
    const body = {
      execution_id: 'twice',
      config: { ...script('echo once'), a: 1, b: [1, { c: 2 }] },
    };
    await execute({ ...body, job_token: 'first' });
    const reordered = { config: { b: [1, { c: 2 }], a: 1, ...script('echo once') } };
    const again = await execute({ ...reordered, execution_id: 'twice', job_token: 'second' });
    expect(again).toMatchObject({ status: 200, body: { job_id: 'twice' } });
    const other = await execute({ ...body, config: script('echo twice') });
    expect(other).toEqual({
      status: 409,
      body: { error: expect.any(String), message: other.body.error, code: 'CONFLICT' },
    });
    expect((await client.over('twice')).lines).toEqual(['once']);
  });

  test('starts one job for many simultaneous requests of one id', async () => {
    const body = { execution_id: 'race', config: script('echo one') };
    const answers = await Promise.all(Array.from({ length: 8 }, () => execute(body)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
    expect((await client.over('race')).lines).toEqual(['one']);
  });

  test.each([
    ['no id', { config: {} }, 'execution_id'],
    ['an id with a path', { execution_id: '../x' }, 'execution_id'],
    ['a hidden id', { execution_id: '.x' }, 'execution_id'],
    ['an id that is too long', { execution_id: 'x'.repeat(129) }, 'execution_id'],
    ['a config that is no object', { execution_id: 'bad', config: [] }, 'config'],
    ['an unknown recipe', { execution_id: 'bad', config: { recipe: 'no' } }, 'default, cat'],
    [
      'a recipe of every object',
      { execution_id: 'bad', config: { recipe: 'toString' } },
      'default',
    ],
    ['a data set that is not there', { execution_id: 'bad', dataset_path: 'no.csv' }, 'no.csv'],
    ['a model that is no text', { execution_id: 'bad', config: { model_name: 1 } }, 'model_name'],
  ])('refuses %s and says why', async (_, body, reason) => {
    const answer = await execute(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
    expect(answer.body.error).toContain(reason);
    expect((await client.get('/api/training/status/bad')).status).toBe(404);
  });

  test('refuses what is not JSON, and JSON that is nested beyond reason', async () => {
    const post = (body: string) =>
      fetch(`${client.url}/api/training/execute`, { method: 'POST', body });
    expect((await post('{')).status).toBe(400);
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect((await post(`{"execution_id":"deep","config":${deep}}`)).status).toBe(400);
  });

  test('refuses a body over 16 MiB, also one that does not say its length', async () => {
    const url = `${client.url}/api/training/execute`;
    const whole = await fetch(url, { method: 'POST', body: ' '.repeat(17 * 1024 * 1024) });
    expect(whole.status).toBe(413);
    const streamed = request(url, { method: 'POST' });
    const [response] = await Promise.all([
      once(streamed, 'response'),
      pipeline(Readable.from(Array(17).fill(' '.repeat(1024 * 1024))), streamed).catch(() => {}),
    ]);
    expect(response[0].statusCode).toBe(413);
  });

  test("takes a data set from the request, from a path, or from the recipe's own", async () => {
    await mkdir(path.join(trainer.dataDir, 'sets'));
    await writeFile(path.join(trainer.dataDir, 'sets/own.csv'), 'own\n');
    const config = { recipe: 'cat' };
    await execute({ execution_id: 'd1', config });
    await execute({ execution_id: 'd2', config, dataset_path: 'sets/own.csv' });
    await execute({
      execution_id: 'd3',
      config,
      dataset_path: 'my.jsonl',
      dataset_content: 'sent\n',
    });
    expect((await client.over('d1')).lines).toEqual(['standard']);
    expect((await client.over('d2')).lines).toEqual(['own']);
    expect((await client.over('d3')).lines).toEqual(['sent']);
    expect(await readFile(path.join(trainer.dataDir, 'jobs/d3/dataset.jsonl'), 'utf8')).toBe(
      'sent\n',
    );
  });
});

describe('a finished job', () => {
  beforeAll(async () => {
    const lines = [
      "{'loss': 2.5, 'grad_norm': 1.5, 'learning_rate': 0.0002, 'epoch': 0.5}",
      "{'loss': 2.0, 'grad_norm': 1.25, 'learning_rate': 0.0001, 'epoch': 1.0}",
      "{'eval_loss': 1.75, 'epoch': 1.0}",
    ];
    await client.run('done', `printf '%s\\n' "${lines.join('" "')}"; exit 3`, { name: 'My run' });
    await client.over('done');
  });

  test('has every field of the status', async () => {
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await client.status('done')).toEqual({
      job_id: 'done',
      name: 'My run',
      recipe: 'default',
      status: 'failed',
      progress: expect.any(Number),
      current_epoch: 1,
      total_epochs: null,
      current_step: null,
      total_steps: null,
      loss: 2,
      eval_loss: 1.75,
      learning_rate: 0.0001,
      grad_norm: 1.25,
      elapsed_seconds: expect.any(Number),
      remaining_seconds: null,
      samples_per_second: null,
      error_message: 'the process ended with exit code 3',
      error: 'the process ended with exit code 3',
      exit_code: 3,
      signal: null,
      started_at: time,
      completed_at: time,
      updated_at: time,
      queue_position: null,
    });
  });

  test('tells its metrics by step', async () => {
    const { body } = await client.get('/api/training/metrics/done');
    expect(body.job_id).toBe('done');
    const losses = body.metrics.filter((row: object) => 'loss' in row);
    expect(losses).toMatchObject([
      { step: 1, epoch: 0.5, loss: 2.5, grad_norm: 1.5, timestamp: expect.any(String) },
      { step: 2, epoch: 1, loss: 2, learning_rate: 0.0001 },
    ]);
  });

  test('is listed, newest first', async () => {
    const { body } = await client.get('/api/training/jobs');
    expect(body.jobs[0]).toEqual({
      job_id: 'done',
      name: 'My run',
      status: 'failed',
      started_at: expect.any(String),
      current_step: null,
      total_steps: null,
    });
    expect(body.jobs.at(-1).job_id).toBe('e.1_A-z');
    expect((await client.get('/api/training/jobs?limit=1')).body.jobs).toHaveLength(1);
  });

  test.each(['cancel/done', 'pause/done', 'resume/done'])(
    'refuses %s with 409 and success: false',
    async (route) => {
      expect(await client.post(`/api/training/${route}`)).toEqual({
        status: 409,
        body: {
          success: false,
          job_id: 'done',
          previous_status: 'failed',
          message: expect.stringContaining('done'),
          error: expect.any(String),
          code: 'CONFLICT',
        },
      });
    },
  );

  test('tells values that are not finite as null, and by their words', async () => {
    await client.run('nan', "echo 'step=1 loss=2.5 acc=0.5'; echo 'step=2 loss=nan acc=inf'");
    await client.over('nan');
    expect(await client.status('nan')).toMatchObject({ loss: null, not_finite: { loss: 'NAN' } });
    const { body } = await client.get('/api/training/metrics/nan');
    expect(body.metrics).toMatchObject([
      { step: 1, loss: 2.5, acc: 0.5 },
      { step: 2, loss: null, acc: null, not_finite: { loss: 'NAN', acc: 'INFINITY' } },
    ]);
    expect(body.metrics[0]).not.toHaveProperty('not_finite');
  });
});

describe('log pages', () => {
  const page = async (query: string) => (await client.get(`/api/training/logs/ten${query}`)).body;

  beforeAll(async () => {
    await client.run('ten', 'seq 0 9');
    await client.over('ten');
  });

  test('begin at the first line and hold up to 100', async () => {
    const logs = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
    expect(await page('')).toEqual({ job_id: 'ten', logs, total_lines: 10, offset: 0, limit: 100 });
  });

  test('begin anywhere', async () => {
    expect(await page('?offset=4&limit=2')).toMatchObject({
      logs: ['4', '5'],
      offset: 4,
      limit: 2,
    });
  });

  test('count a negative offset from the end and tell the real one', async () => {
    expect(await page('?offset=-3')).toMatchObject({ logs: ['7', '8', '9'], offset: 7 });
    expect(await page('?offset=-3&limit=1')).toMatchObject({ logs: ['7'], offset: 7 });
    expect(await page('?offset=-99&limit=1')).toMatchObject({ logs: ['0'], offset: 0 });
  });

  test('are empty behind the end', async () => {
    expect(await page('?offset=10')).toMatchObject({ logs: [], offset: 10, total_lines: 10 });
    expect(await page('?offset=999')).toMatchObject({ logs: [], offset: 999, total_lines: 10 });
  });

  test('hold at most 5000 lines, whatever is asked for, and say so', async () => {
    for (const limit of [5001, 10_000, 999_999_999]) {
      expect(await page(`?limit=${limit}`)).toMatchObject({ total_lines: 10, limit: 5000 });
    }
    expect((await client.get('/api/training/jobs?limit=100000')).status).toBe(200);
    const strict = await client.get('/api/training/logs/ten?limit=5001', {
      prefer: 'respond-async, handling=strict',
    });
    expect(strict).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
  });

  test.each(['limit=0', 'limit=-1', 'limit=x', 'limit=1.5', 'offset=x', 'offset=1e3', 'offset='])(
    'refuse %s with 400',
    async (query) => {
      const answer = await client.get(`/api/training/logs/ten?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
      expect(answer.body.error).toContain(query.split('=')[0]);
    },
  );
});

describe('the queue', () => {
  test('tells what runs and what waits, and where', async () => {
    await client.run('q1', 'echo go; sleep 60', { name: 'first' });
    await client.run('q2', 'true', { name: 'second' });
    await client.run('q3', 'true');
    await client.printed('q1', 'go');
    expect((await client.get('/api/training/queue')).body).toEqual({
      running_count: 1,
      queued_count: 2,
      running_jobs: [
        { job_id: 'q1', name: 'first', status: 'running', started_at: expect.any(String) },
      ],
      queued_jobs: [
        { job_id: 'q2', name: 'second', position: 1, status: 'queued' },
        { job_id: 'q3', name: 'q3', position: 2, status: 'queued' },
      ],
      queue_active: true,
    });
    expect(await client.status('q3')).toMatchObject({
      status: 'queued',
      queue_position: 2,
      started_at: null,
      elapsed_seconds: null,
      progress: 0,
    });
    expect(await client.status('q3')).toMatchObject({
      status_reason: 'The job is at place 2 of the queue, behind job q2; one job runs at a time',
      waits_for: { position: 2, job_id: 'q2', concurrency: 1 },
    });
    expect(await client.status('q2')).toMatchObject({
      waits_for: { position: 1, job_id: 'q1', concurrency: 1 },
    });
    expect(await client.status('q1')).not.toHaveProperty('waits_for');
    expect((await client.get('/health')).body).toMatchObject({ running: 1, queued: 2 });
    await client.post('/api/training/cancel/q1?force=true');
    expect((await client.over('q3')).end.status).toBe('completed');
  });
});

describe('an unknown job', () => {
  test.each([
    ['GET', 'status/nobody'],
    ['GET', 'logs/nobody'],
    ['GET', 'logs/nobody/stream'],
    ['GET', 'metrics/nobody'],
    ['POST', 'cancel/nobody'],
    ['POST', 'pause/nobody'],
    ['POST', 'resume/nobody?checkpoint_path=x'],
    ['POST', 'nobody/force-start'],
    ['GET', 'status/..%2f..%2fetc'],
    ['GET', 'no-such-route'],
  ])('is 404 for %s %s', async (method, route) => {
    const call = method === 'GET' ? client.get.bind(client) : client.post.bind(client);
    const answer = await call(`/api/training/${route}`);
    expect(answer).toEqual({
      status: 404,
      body: { error: expect.any(String), message: answer.body.error, code: 'NOT_FOUND' },
    });
  });
});
