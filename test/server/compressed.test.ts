import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { open, operation } from '../support/http.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;
beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog();
  await log.print(...Array.from({ length: 500 }, (_, n) => `step ${n} loss ${n / 7} – ünïcode`));
});
afterAll(() => server[Symbol.asyncDispose]());

async function ask(accepted: string | null, limit = 500) {
  const query = `{ logs(jobId: "${log.job.id}", limit: ${limit}) { lines } }`;
  const headers: Record<string, string> = accepted === null ? {} : { 'accept-encoding': accepted };
  const answer = await open(server.url, operation(query, headers));
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return { headers: answer.headers, bytes: Buffer.concat(chunks) };
}

function linesIn(bytes: Buffer): string[] {
  return JSON.parse(bytes.toString()).data.logs.lines;
}

test.each([
  ['gzip', 'gzip', gunzipSync],
  ['gzip, deflate, br, zstd', 'zstd', zstdDecompressSync],
  ['gzip, deflate, br', 'br', brotliDecompressSync],
  ['zstd;q=0, gzip;q=0.5, br;q=0.9', 'br', brotliDecompressSync],
])('a client that accepts %s gets a page as %s', async (accepted, coding, decode) => {
  const plain = await ask(null);
  const { headers, bytes } = await ask(accepted);
  expect(headers['content-encoding']).toBe(coding);
  expect(headers.vary).toContain('Accept-Encoding');
  expect(Number(headers['content-length'])).toBe(bytes.length);
  expect(bytes.length).toBeLessThan(plain.bytes.length / 2);
  expect(decode(bytes).equals(plain.bytes)).toBe(true);
});

test.each([null, 'identity', 'gzip;q=0', 'deflate'])(
  'one that accepts %s gets it as it is',
  async (accepted) => {
    const { headers, bytes } = await ask(accepted);
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.vary).toContain('Accept-Encoding');
    expect(linesIn(bytes)).toHaveLength(500);
  },
);

test('a small answer is sent as it is', async () => {
  const { headers, bytes } = await ask('gzip, br, zstd', 2);
  expect(headers['content-encoding']).toBeUndefined();
  expect(linesIn(bytes)).toHaveLength(2);
});
