import { type DocumentNode, GraphQLSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { StreamMemory } from '../../src/graphql/engine/stream-memory.ts';
import { heldMiB } from '../support/memory.ts';
import { openTestServer } from '../support/server.ts';

const schema = new GraphQLSchema({});
const args = (document: DocumentNode, variableValues?: Record<string, unknown>) => ({
  schema,
  document,
  ...(variableValues ? { variableValues } : {}),
});

/** As many tokens as a document may have, and `chars` more of text. */
const dense = (n: number, chars = 0) =>
  `# ${'x'.repeat(chars)}\nsubscription q${n} { logStream(jobId: "none") { ${'lines@include(if:true) '.repeat(235)} } }`;

test.each([
  ['dense documents', (n: number) => args(parse(dense(n)))],
  ['long documents', (n: number) => args(parse(dense(n, 200_000)))],
  [
    'many values',
    (n: number) => args(parse(dense(n)), { x: JSON.parse(`[${'[],'.repeat(80_000)}${n}]`) }),
  ],
])('%s are counted as no less than they take', (_, make) => {
  const memory = new StreamMemory();
  const before = heldMiB();
  const kept = Array.from({ length: 20 }, (_, n) => make(n));
  const tookMiB = heldMiB() - before;
  for (const each of kept) memory.hold(each);
  expect(memory.bytes / 2 ** 20).toBeGreaterThan(tookMiB);
});

test('a document that many share counts once, and what ends counts no more', () => {
  const memory = new StreamMemory({ maxBytes: 10_000_000 });
  const document = parse(dense(0));
  const first = memory.hold(args(document));
  const alone = memory.bytes;
  const others = Array.from({ length: 100 }, () => memory.hold(args(document)));
  expect(memory.bytes).toBeLessThan(3 * alone);
  for (const release of [first, ...others, first]) release?.();
  expect(memory.bytes).toBe(0);
});

test('where there is no room, large ones are refused and small ones are not', () => {
  const memory = new StreamMemory({ maxBytes: 1_500_000 });
  const releases = Array.from({ length: 3 }, (_, n) => memory.hold(args(parse(dense(n)))));
  expect(releases.map((release) => release !== null)).toEqual([true, true, false]);
  const small = parse('subscription { x }');
  for (let n = 0; n < 1000; n++) expect(memory.hold(args(small, { n }))).not.toBeNull();
  releases[0]?.();
  expect(memory.hold(args(parse(dense(3))))).not.toBeNull();
});

test('all that a socket is sent with an operation counts, used or not', () => {
  const memory = new StreamMemory();
  memory.hold(args(parse('subscription { x }')), 60_000);
  expect(memory.bytes).toBeGreaterThan(60_000 * 14);
});

test('a server refuses subscriptions that would take too much together, until others end', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  const variables = { unused: 'x'.repeat(250_000), jobId: log.job.id };
  const query = 'subscription ($jobId: ID!) { logStream(jobId: $jobId) { total } }';
  /** The first event of a stream, which stays open. */
  const open = async (given: object, signal: AbortSignal) => {
    const { body } = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables: given }),
      signal,
    });
    let text = '';
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    while (reader && !text.includes('data:')) text += (await reader.read()).value ?? '';
    return text;
  };
  const leave = new AbortController();
  let opened = 0;
  while (!(await open(variables, leave.signal)).includes('RATE_LIMITED')) opened += 1;
  expect(opened).toBeGreaterThan(40);
  expect(opened).toBeLessThan(70);
  expect(await open({ jobId: log.job.id }, leave.signal)).toContain('"total":0');
  leave.abort();
  const again = new AbortController();
  await expect.poll(() => open(variables, again.signal)).toContain('"total":0');
  again.abort();
});
