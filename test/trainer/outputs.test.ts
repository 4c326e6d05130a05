import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRange } from '../../src/trainer/http/byte-range.ts';
import { startTrainer, type TestTrainer } from '../support/trainer/harness.ts';

let trainer: TestTrainer;
let output: string;
beforeAll(async () => {
  trainer = await startTrainer();
  const script = [
    'cd "$JOB_OUTPUT_DIR"',
    'mkdir -p checkpoints/step-10 empty',
    'printf 0123456789 > checkpoints/step-10/model.bin',
    'printf "" > nothing',
    'printf x > "ä b%2e?#.txt"',
  ].join(' && ');
  await trainer.client.run('job', script);
  await trainer.client.over('job');
  output = path.join(trainer.dataDir, 'jobs/job/output');
  await utimes(path.join(output, 'nothing'), 0, 1_700_000_000);
  await writeFile(path.join(trainer.dataDir, 'secret'), 'secret');
  await symlink(path.join(trainer.dataDir, 'secret'), path.join(output, 'link'));
  await symlink(trainer.dataDir, path.join(output, 'folder-link'));
  if (process.platform !== 'win32') spawnSync('/usr/bin/mkfifo', [path.join(output, 'pipe')]);
});
afterAll(() => trainer[Symbol.asyncDispose]());

const route = (name: string) => `/api/training/outputs/job/${name}`;
const get = (name: string, headers: Record<string, string> = {}) =>
  fetch(trainer.client.url + route(name), { headers });
const model = 'checkpoints/step-10/model.bin';

test('what a job has made is listed by path, without links and pipes', async () => {
  const modified = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(await trainer.client.get('/api/training/outputs/job')).toEqual({
    status: 200,
    body: {
      job_id: 'job',
      outputs: [
        { path: model, bytes: 10, modified },
        { path: 'nothing', bytes: 0, modified: '2023-11-14T22:13:20.000Z' },
        { path: 'ä b%2e?#.txt', bytes: 1, modified },
      ],
      truncated: false,
    },
  });
});

test('a job that has made nothing has an empty list, and an unknown one none', async () => {
  await trainer.client.run('idle', 'true');
  await trainer.client.over('idle');
  const { body } = await trainer.client.get('/api/training/outputs/idle');
  expect(body.outputs).toEqual([]);
  expect((await trainer.client.get('/api/training/outputs/nobody')).status).toBe(404);
});

test('a list of very many files says that it is not whole', async () => {
  await trainer.client.run('many', 'cd "$JOB_OUTPUT_DIR" && seq 1 10050 | xargs touch');
  await trainer.client.over('many');
  const { body } = await trainer.client.get('/api/training/outputs/many');
  expect([body.outputs.length, body.truncated]).toEqual([10_000, true]);
});

test('a list goes on behind a path, until every file was in one page', async () => {
  await trainer.client.run(
    'deep',
    'cd "$JOB_OUTPUT_DIR" && mkdir -p a/b a-b c && touch a/b/1 a/b/2 a/0 a-b/3 a.txt c/4 z',
  );
  await trainer.client.over('deep');
  const paged: string[] = [];
  for (;;) {
    const after = paged.length === 0 ? '' : `&after=${encodeURIComponent(paged.at(-1) ?? '')}`;
    const { body } = await trainer.client.get(`/api/training/outputs/deep?limit=2${after}`);
    paged.push(...body.outputs.map((file: { path: string }) => file.path));
    expect(body.truncated).toBe(body.outputs.length === 2);
    if (!body.truncated) break;
  }
  expect(paged).toEqual(['a/0', 'a/b/1', 'a/b/2', 'a-b/3', 'a.txt', 'c/4', 'z']);
  // What it stopped at may be gone, or a folder.
  for (const [after, next] of [
    ['a/b/1x', 'a/b/2'],
    ['a/b', 'a/b/1'],
    ['a.txt/gone', 'c/4'],
    ['a-', 'a-b/3'],
  ] as const) {
    const asked = `/api/training/outputs/deep?limit=1&after=${encodeURIComponent(after)}`;
    expect((await trainer.client.get(asked)).body.outputs[0].path).toBe(next);
  }
  expect((await trainer.client.get('/api/training/outputs/deep?limit=0')).status).toBe(400);
});

test('the digest of a whole file comes to those who ask for it', async () => {
  const digest = `sha-256=:${createHash('sha256').update('0123456789').digest('base64')}:`;
  const wanted = { 'want-repr-digest': 'sha-512=0, sha-256=5' };
  const part = await get(model, { ...wanted, range: 'bytes=2-3' });
  expect([await part.text(), part.headers.get('repr-digest')]).toEqual(['23', digest]);
  const url = trainer.client.url + route(model);
  const head = await fetch(url, { method: 'HEAD', headers: wanted });
  expect(head.headers.get('repr-digest')).toBe(digest);
  for (const other of ['', 'sha-256=0', 'md5=1']) {
    const plain = await get(model, { 'want-repr-digest': other });
    expect(plain.headers.get('repr-digest')).toBeNull();
  }
});

test('a file is sent whole, whatever its name', async () => {
  const whole = await get(model);
  expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-length': '10',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-disposition': "attachment; filename*=UTF-8''model.bin",
  });
  expect(await (await get(encodeURIComponent('ä b%2e?#.txt'))).text()).toBe('x');
  const empty = await get('nothing');
  expect([empty.status, empty.headers.get('content-length')]).toEqual([200, '0']);
});

test.each([
  ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=9-99', 206, '9', 'bytes 9-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=0-1,5-6', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
])('a file is sent in part: %s', async (range, status, text, contentRange) => {
  const answer = await get(model, { range });
  expect([answer.status, await answer.text()]).toEqual([status, text]);
  expect(answer.headers.get('content-range')).toBe(contentRange);
});

test('a download goes on only where the file is still the same', async () => {
  const file = path.join(output, 'growing');
  await writeFile(file, 'first');
  const etag = (await get('growing')).headers.get('etag') ?? '';
  const resume = { range: 'bytes=3-', 'if-range': etag };
  expect(await (await get('growing', resume)).text()).toBe('st');
  await writeFile(file, 'second');
  const anew = await get('growing', resume);
  expect([anew.status, await anew.text()]).toEqual([200, 'second']);
});

test('a large file comes whole, and is let go of when its reader leaves', async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n}\n`).join(''));
  const file = path.join(output, 'large');
  await writeFile(file, bytes);
  expect(Buffer.from(await (await get('large')).arrayBuffer()).equals(bytes)).toBe(true);
  const leaving = new AbortController();
  const left = await fetch(trainer.client.url + route('large'), { signal: leaving.signal });
  await left.body?.getReader().read();
  leaving.abort();
  if (process.platform !== 'linux') return;
  await expect.poll(() => openFiles()).not.toContain(file);
});

async function openFiles(): Promise<(string | null)[]> {
  const numbers = await readdir('/proc/self/fd');
  return await Promise.all(
    numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => null)),
  );
}

test('its head alone can be asked for', async () => {
  const head = await fetch(trainer.client.url + route(model), { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
});

/** As it is: fetch would resolve the dots itself. */
function statusOfRaw(raw: string): Promise<number | undefined> {
  const { hostname, port } = new URL(trainer.client.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: route(raw) }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once('error', reject);
    asked.end();
  });
}

test.each([
  ['a file that is not there', 'missing'],
  ['a folder', 'checkpoints'],
  ['a folder with a slash', 'checkpoints/'],
  ['a link', 'link'],
  ['what is behind a link', 'folder-link/secret'],
  ['a pipe', 'pipe'],
  ['a path that leads out', '..%2f..%2f..%2fsecret'],
  ['a path that leads out, in the open', '../../../secret'],
  ['a path that leads out from within', 'checkpoints/..%2f..%2fjob.json'],
  ['an absolute path', '%2fetc%2fpasswd'],
  ['an empty part', 'checkpoints//step-10/model.bin'],
  ['a NUL', 'nothing%00.txt'],
  ['a backslash', '..%5c..%5csecret'],
  ['a name that is too long', 'x'.repeat(5000)],
])('%s is not there', async (_, raw) => {
  expect(await statusOfRaw(raw)).toBe(404);
});

test('a range of an empty file is none, and one that is turned round is passed over', async () => {
  await mkdir(output, { recursive: true });
  expect(parseRange('bytes=0-', 0)).toBe('none');
  expect(parseRange('bytes=-0', 5)).toBe('none');
  expect(parseRange('bytes=4-2', 5)).toBe('whole');
  expect(parseRange('bytes=-', 5)).toBe('whole');
  expect(parseRange(undefined, 5)).toBe('whole');
});
