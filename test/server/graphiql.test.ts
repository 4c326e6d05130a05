import { request } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { openTestServer } from '../support/server.ts';

/** Asks as a browser does, and gives back the bytes as they came. */
async function getPage(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      const asked = request(`${url}/graphql`, { headers: { accept: 'text/html,*/*', ...headers } });
      asked.once('error', reject).once('response', async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
      asked.end();
    },
  );
}

test('the page comes compressed as the browser likes it, and once', async () => {
  await using server = await openTestServer();
  const plain = await getPage(server.url);
  const brotli = await getPage(server.url, { 'accept-encoding': 'gzip, deflate, br' });
  const gzip = await getPage(server.url, { 'accept-encoding': 'gzip, br;q=0' });
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(brotli.headers['content-encoding']).toBe('br');
  expect(gzip.headers['content-encoding']).toBe('gzip');
  expect(plain.body.equals(await promisify(brotliDecompress)(brotli.body))).toBe(true);
  expect(plain.body.equals(await promisify(gunzip)(gzip.body))).toBe(true);
  expect(brotli.body.length).toBeLessThan(plain.body.length / 4);

  const again = await getPage(server.url, { 'if-none-match': String(plain.headers.etag) });
  expect({ status: again.status, bytes: again.body.length }).toEqual({ status: 304, bytes: 0 });
  expect(again.headers.vary).toContain('Accept-Encoding');
});

test('the page may run its own scripts and call its own server, and nothing else', async () => {
  await using server = await openTestServer({ tokens: ['a-token-that-the-page-needs-not'] });
  const page = await getPage(server.url);
  const { host } = new URL(server.url);
  const policy = Object.fromEntries(
    String(page.headers['content-security-policy'])
      .split('; ')
      .map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
  );
  expect(policy).toEqual({
    'default-src': "'none'",
    'script-src': expect.stringMatching(/^'sha256-[^ ]+'( 'sha256-[^ ]+')*$/),
    'worker-src': 'blob:',
    'style-src': "'unsafe-inline'",
    'font-src': 'data:',
    'img-src': 'data:',
    'connect-src': `'self' ws://${host} wss://${host}`,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  });
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
});
