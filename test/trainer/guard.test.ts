import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { openTrainer } from '../../src/trainer/trainer.ts';
import { quiet, startTrainer, type TestTrainer } from '../support/trainer/harness.ts';

let trainer: TestTrainer | undefined;
afterEach(async () => {
  await trainer?.[Symbol.asyncDispose]();
  trainer = undefined;
});

describe('with a key', () => {
  test('only who has it may do anything; health says that it lives', async () => {
    trainer = await startTrainer({ apiKey: 'right' });
    const { client } = trainer;
    const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
    for (const headers of [{}, bearer('wrong'), bearer('right2'), { authorization: 'right' }]) {
      expect(await client.get('/api/training/jobs', headers)).toEqual({
        status: 401,
        body: {
          error: expect.any(String),
          message: expect.any(String),
          code: 'UNAUTHENTICATED',
        },
      });
    }
    expect((await client.get('/api/training/no-such-route')).status).toBe(401);
    // No key is no mistake; a wrong one is, and whoever tests the connection hears of it.
    expect(await client.get('/health', bearer('wrong'))).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
    expect((await client.get('/health')).body).toEqual({
      status: 'ok',
      service: 'trainyard-trainer',
    });
    expect((await client.get('/api/training/jobs', bearer('right'))).status).toBe(200);
    expect((await client.get('/health', bearer('right'))).body).toHaveProperty('recipes');
  });
});

describe('on loopback', () => {
  test.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1:1', 200],
    ['127.1.2.3', 200],
    ['[::1]:8080', 200],
    ['LOCALHOST', 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example:80', 421],
    ['192.168.1.1', 421],
  ])('answers for the host "%s" with %i', async (host, status) => {
    trainer = await startTrainer();
    const asked = request(`${trainer.client.url}/health`, { headers: { host } }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  test('refuses every web page', async () => {
    trainer = await startTrainer();
    for (const origin of ['http://evil.example', 'null', trainer.client.url]) {
      expect((await trainer.client.get('/health', { origin })).status).toBe(403);
    }
  });
});

test.each(['0.0.0.0', '::', '192.168.1.1'])('does not listen on %s without a key', async (host) => {
  const opening = openTrainer({
    host,
    port: 0,
    dataDir: '/nowhere',
    apiKey: null,
    concurrency: 1,
    recipes: {},
    recipeBase: '/',
    baseEnv: {},
    logger: quiet,
  });
  await expect(opening).rejects.toThrow(/does not listen on \S+ without an API key/);
});

test('says which port is taken, and leaves its folder free', async () => {
  trainer = await startTrainer();
  const port = Number(new URL(trainer.client.url).port);
  await expect(startTrainer({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});
