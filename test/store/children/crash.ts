// Appends known lines to a job's log as fast as it can, and says each total once it is acknowledged.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { openSqliteStore } from '../../../src/store/sqlite/open.ts';
import { knownLine } from '../samples.ts';

// The next writer, for this one is killed, then starts in a third of the time.
flushCompileCache();

const [dataDir = '', jobId = ''] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, leaseMs: 60_000 });
const lease = await store.leases.claim(jobId);
if (lease === null) throw new Error('the lease of a killed server is not free');
let { total } = await store.logs.head(jobId);
for (;;) {
  const count = total % 7 === 0 ? 2500 : 1 + (total % 40);
  const first = total;
  const texts = Array.from({ length: count }, (_, index) => knownLine(first + index));
  const runs = [{ count, time: total, source: null }];
  ({ total } = await store.logs.append(lease, {
    lines: texts,
    runs,
    cursor: `${total + count}`,
    collectorState: null,
  }));
  writeSync(1, `${total}\n`);
}
