import { expect, test } from 'vitest';
import { ExpressionRoom } from '../../src/logs/read/expression-room.ts';
import { compileFilter } from '../../src/logs/read/filter.ts';
import { graphql, serverSentEvents } from '../support/clients.ts';
import { openTestServer } from '../support/server.ts';

test('large expressions beyond the room are refused until others end, small ones are not', () => {
  const room = new ExpressionRoom({ most: 1000 });
  const release = room.hold(900);
  expect(() => room.hold(200)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  for (let n = 0; n < 100; n++) room.hold(10);
  for (let n = 0; n < 2; n++) release();
  expect(() => room.hold(200)).toThrow();
  expect(new ExpressionRoom({ most: 1000 }).hold(1000)).toBeTypeOf('function');
});

test('a filter tells the size of all its expressions', () => {
  const size = (filter: object) => compileFilter(filter)?.expressionSize;
  expect(size({ contains: 'loss' })).toBe(0);
  expect(size({ regex: '(ab){100}' })).toBe(200);
  expect(size({ regex: '(ab){100}', exclude: 'abc' })).toBe(203);
});

test('streams with the largest expressions are refused beyond 64 MB, and one that ends makes room', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  const subscription = `subscription ($id: ID!, $regex: String!) {
    logStream(jobId: $id, filter: { regex: $regex, exclude: $regex }) { total }
  }`;
  // Twice 19,000 instructions each.
  const variables = { id: job.id, regex: `(${'x'.repeat(950)}){20}` };
  const streams: ReturnType<typeof serverSentEvents>[] = [];
  const open = async () => {
    const stream = serverSentEvents(server.url, subscription, variables);
    const { value } = await stream.next();
    streams.push(stream);
    return value?.errors?.[0]?.extensions?.code ?? value?.data?.logStream.total;
  };
  for (let n = 0; n < 16; n++) expect(await open()).toBe(0);
  expect(await open()).toBe('RATE_LIMITED');
  await streams[0]?.return(undefined);
  await expect.poll(open).toBe(0);
  for (const stream of streams) await stream.return(undefined);
  expect((await graphql(server.url, '{ jobs { totalCount } }')).errors).toBeUndefined();
});
