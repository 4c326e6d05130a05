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

interface Kind {
  what: string;
  count: number;
  /** An operation that is run for the fifth time may be compiled. */
  runs: number;
  make(n: number): string;
  mostMiB: number;
}

/** What they would hold if each were kept: 70 MB, 5 MB, 5 MB and 40 MB. */
const kinds: Kind[] = [
  { what: 'dense documents', count: 100, runs: 5, make: dense, mostMiB: 45 },
  {
    what: 'large documents',
    count: 25,
    runs: 2,
    make: (n) => `${comment(n, 200_000)}{ jobs { totalCount } }`,
    mostMiB: 3,
  },
  {
    what: 'large documents with a syntax error',
    count: 25,
    runs: 2,
    make: (n) => `${comment(n, 200_000)}{ jobs {`,
    mostMiB: 3,
  },
  {
    what: 'documents with many errors',
    count: 80,
    runs: 2,
    make: (n) => `{ ${repeat(200, (f) => `nope${n}x${f}`)} }`,
    mostMiB: 20,
  },
];

test.each(kinds)('many distinct $what leave little behind', async (kind) => {
  const before = heldMiB();
  for (let n = 0; n < kind.count; n += 1) {
    const query = kind.make(n);
    for (let run = 0; run < kind.runs; run += 1) await graphql(server.url, query);
  }
  expect(heldMiB() - before).toBeLessThan(kind.mostMiB);
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
