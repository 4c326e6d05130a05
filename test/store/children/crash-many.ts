// Appends known lines to the logs of several jobs at once, and says each total once it is acknowledged: "JOB TOTAL".
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { openSqliteStore } from '../../../src/store/sqlite/open.ts';
import { knownLine } from '../samples.ts';

// The next writer, for this one is killed, then starts in a third of the time.
flushCompileCache();

const [dataDir = '', ...jobIds] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, leaseMs: 60_000 });

async function write(jobId: string): Promise<void> {
  const lease = await store.leases.claim(jobId);
  if (lease === null) throw new Error('the lease of a killed server is not free');
  let { total } = await store.logs.head(jobId);
  for (;;) {
    const count = 1 + (total % 30);
    const first = total;
    const lines = Array.from({ length: count }, (_, index) => first + index);
    ({ total } = await store.logs.append(lease, {
      lines: lines.map(knownLine),
      runs: [{ count, time: total, source: null }],
      cursor: `${total + count}`,
      collectorState: null,
      metrics: lines.map((line) => ({ name: 'loss', step: line, value: line, time: line, line })),
      isUnhurried: true,
    }));
    writeSync(1, `${jobId} ${total}\n`);
  }
}

await Promise.all(jobIds.map(write));
