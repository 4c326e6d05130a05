import { createHash } from 'node:crypto';
import { symlink, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openSmallAgent } from '../support/dialects/small-agent.ts';
import { open, send } from '../support/http.ts';
import { jobWithOutputs, outputFile } from '../support/outputs.ts';

const query = `query ($id: ID!, $limit: Int, $after: String) {
  job(id: $id) { name outputs(limit: $limit, after: $after) { path bytes modifiedAt url } }
}`;
const odd = 'ä b%2e?#.txt';
const model = 'checkpoints/step-10/model.bin';

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await openTestApp();
  id = await jobWithOutputs(app, { [model]: '0123456789', nothing: '', [odd]: 'x' });
  await utimes(outputFile(app, id, 'nothing'), 0, 1_700_000_000);
  await symlink('/etc/passwd', outputFile(app, id, 'link'));
});
afterAll(() => app[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  send(app.url, { path: `/jobs/${id}/outputs/${path}`, headers, method });

describe('what a job has made', () => {
  test('is listed by the graph, page by page, with where to fetch it', async () => {
    const { data } = await graphql(app.url, query, { id });
    expect(data.job.outputs).toMatchObject([
      { path: model, bytes: 10, url: `/jobs/${id}/outputs/${model}` },
      { path: 'nothing', bytes: 0, modifiedAt: '2023-11-14T22:13:20.000Z' },
      { path: odd, bytes: 1, url: `/jobs/${id}/outputs/%C3%A4%20b%252e%3F%23.txt` },
    ]);
    const next = await graphql(app.url, query, { id, limit: 1, after: model });
    expect(next.data.job.outputs.map(({ path }: { path: string }) => path)).toEqual(['nothing']);
    const last = data.job.outputs.at(-1);
    expect((await send(app.url, { path: last.url })).text).toBe('x');
  });

  test('is bounded in what one answer lists', async () => {
    for (const limit of [0, 10_001]) {
      const { data, errors } = await graphql(app.url, query, { id, limit });
      expect(data.job).toMatchObject({ outputs: null });
      expect(errors?.[0]?.message).toBe(`limit is ${limit}; it must be between 1 and 10000.`);
    }
  });

  test('is fetched whole, with what a browser must know to save it', async () => {
    const { status, text, headers } = await get(model);
    expect([status, text]).toEqual([200, '0123456789']);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '10',
      'content-disposition': "attachment; filename*=UTF-8''model.bin",
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[\w-]+"$/),
    });
    expect((await get('nothing')).text).toBe('');
    const head = await get(model, {}, 'HEAD');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '10']);
  });

  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
  ])('is fetched in part: %s', async (range, status, text, contentRange) => {
    const answer = await get(model, { range });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers['content-range']).toBe(contentRange);
  });

  test('comes whole where it is another file by now', async () => {
    const file = outputFile(app, id, 'growing');
    await writeFile(file, 'first');
    const { headers } = await get('growing');
    const resume = { range: 'bytes=3-', 'if-range': String(headers.etag) };
    expect((await get('growing', resume)).text).toBe('st');
    await writeFile(file, 'second');
    expect(await get('growing', resume)).toMatchObject({ status: 200, text: 'second' });
  });

  test('comes with its checksum for those who want it', async () => {
    const digest = `sha-256=:${createHash('sha256').update('0123456789').digest('base64')}:`;
    const wanted = { 'want-repr-digest': 'sha-256=1' };
    for (const method of ['GET', 'HEAD']) {
      expect((await get(model, wanted, method)).headers['repr-digest']).toBe(digest);
    }
    expect((await get(model)).headers['repr-digest']).toBeUndefined();
  });

  test.each([
    ['a file that is not there', 'missing'],
    ['a folder', 'checkpoints'],
    ['a link that leads out', 'link'],
    ['a path that leads out', '..%2f..%2fjob.json'],
    ['one that leads to another route of the training server', '..%2f..%2f..%2f..%2fhealth'],
    ['an absolute path', '%2fetc%2fpasswd'],
    ['an empty part', 'checkpoints//step-10'],
    ['a NUL', 'nothing%00'],
    ['a backslash', '..%5cjob.json'],
  ])('is not %s', async (_, path) => {
    const { status, json } = await get(path);
    expect(status).toBe(404);
    expect(json.errors[0].extensions.code).toBe('NOT_FOUND');
  });

  test('is not there for a job that is not there', async () => {
    const { status, json } = await send(app.url, { path: '/jobs/nobody/outputs/x' });
    expect([status, json.errors[0].message]).toEqual([404, 'There is no job "nobody".']);
  });

  test('is let go of when its reader leaves', async () => {
    await writeFile(outputFile(app, id, 'large'), Buffer.alloc(64 * 1024 * 1024));
    const answer = await open(app.url, { path: `/jobs/${id}/outputs/large` });
    answer.destroy();
    await expect
      .poll(() => app.log.entries.map(({ msg }) => msg))
      .toContain('the reader of a file has left');
  });
});

test('a token is needed as for logs', async () => {
  await using closed = await openTestApp({ tokens: ['a-token-of-some-length'] });
  const path = '/jobs/any/outputs/file';
  expect((await send(closed.url, { path })).status).toBe(401);
  const headers = { authorization: 'Bearer a-token-of-some-length' };
  expect((await send(closed.url, { path, headers })).status).toBe(404);
});

test('a training server of another kind says that it does not keep files', async () => {
  const { server: agent } = await openSmallAgent();
  onTestFinished(() => agent.close());
  const provider = { name: 'agent', url: agent.url, apiKey: null, recipes: null };
  const open = async () => openLocalProvider(provider);
  await using other = await openTestApp({
    embeddedTrainer: null,
    providers: [{ name: 'agent', open }],
  });
  const config = { tokenizer: 'gpt2', training: {}, data: {} };
  const job = await deploy(other.url, { provider: 'agent', recipe: 'default', config });
  const { data, errors } = await graphql(other.url, query, { id: job });
  // All else of the answer stays.
  expect(data.job).toEqual({ name: expect.any(String), outputs: null });
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'NOT_SUPPORTED' } });
  const { status, json } = await send(other.url, { path: `/jobs/${job}/outputs/x` });
  expect([status, json.errors[0].extensions.code]).toEqual([501, 'NOT_SUPPORTED']);
});
