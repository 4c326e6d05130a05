import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { heldMiB } from '../support/memory.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  await graphql(server.url, '{ jobs { totalCount } }');
});
afterAll(() => server[Symbol.asyncDispose]());

const comment = (n: number, chars: number) => `# ${n} ${'x'.repeat(chars)}\n`;
const repeat = (count: number, make: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join(' ');

/** As many fields as the token limit allows, so that little text becomes much memory. */
function dense(n: number): string {
  const node = 'id name recipe modelName status createdAt updatedAt config stale externalId';
  const logs = 'logs(limit: 1) { lines total offset nextOffset hasMore complete jobId limit }';
  return `query q${n} { jobs(first: ${1 + (n % 100)}) { edges { ${repeat(30, (a) => `a${a}: node { ${node} ${logs} progress { step epoch loss } }`)} } } }`;
}

/** What they would hold if each were kept: 70 MB, 5 MB, 5 MB and 40 MB. */
const kinds: [string, number, (n: number) => string, number][] = [
  ['dense documents', 100, dense, 45],
  ['large documents', 25, (n) => `${comment(n, 200_000)}{ jobs { totalCount } }`, 3],
  ['large documents with a syntax error', 25, (n) => `${comment(n, 200_000)}{ jobs {`, 3],
  ['documents with many errors', 80, (n) => `{ ${repeat(200, (f) => `nope${n}x${f}`)} }`, 20],
];

test.each(kinds)('many distinct %s leave little behind', async (_name, count, make, mostMiB) => {
  const before = heldMiB();
  for (let n = 0; n < count; n += 1) {
    const query = make(n);
    // The fifth time an operation may be compiled.
    for (let left = n % 5 === 0 ? 5 : 1; left > 0; left -= 1) await graphql(server.url, query);
  }
  expect(heldMiB() - before).toBeLessThan(mostMiB);
});

test('one document with many names of operations leaves nothing behind', async () => {
  const before = heldMiB();
  for (let n = 0; n < 20; n += 1) {
    const { status } = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'query A { __typename } query B { __typename }',
        operationName: `${n}${'x'.repeat(200_000)}`,
      }),
    });
    expect(status).toBe(200);
  }
  expect(heldMiB() - before).toBeLessThan(2);
});
