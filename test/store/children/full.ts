// Appends until there is no more room, then waits until there is, and goes on.

import { codeOf } from '../../../src/core/errors.ts';
import { openSqliteStore } from '../../../src/store/sqlite/open.ts';
import { knownLine } from '../samples.ts';

const [dataDir = '', jobId = ''] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, compress: false });
const lease = await store.leases.claim(jobId);
if (lease === null) throw new Error('the lease is not free');
const append = async (count: number): Promise<void> => {
  const { total } = await store.logs.head(jobId);
  const texts = Array.from({ length: count }, (_, index) => knownLine(total + index));
  const runs = [{ count, time: 0, source: null }];
  await store.logs.append(lease, {
    lines: texts,
    runs,
    cursor: `${total + count}`,
    collectorState: null,
  });
};
const outcome = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'done', codeOf);

let failure = 'done';
while (failure === 'done') failure = await outcome(append(1000));
const { total, cursor } = await store.logs.head(jobId);
const page = await store.logs.read(jobId, { offset: total - 1, limit: 9, maxChars: 1e6 });
process.send?.({ failure, check: await outcome(store.check()), total, cursor, last: page.lines });
process.once('message', async () => {
  const check = await outcome(store.check());
  await append(5000);
  await store.close();
  process.send?.({ check });
  process.disconnect();
});
