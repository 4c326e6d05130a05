import type { Lease } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { trainingLog } from './training-log.ts';

// The floor of what many jobs cost: the lines that as many jobs print, each appended alone, by one loop and
// nothing else. Arguments: where to keep them, how many jobs, how many lines a second each.
const [dataDir = '', count = '0', perSecond = '0'] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, leaseMs: 600_000 });
const lines = trainingLog(0, 10_000);
const leases: Lease[] = [];
for (let n = 0; n < Number(count); n += 1) {
  const id = `job-${n}`;
  await store.jobs.insert({
    id,
    name: id,
    provider: 'bare',
    providerKind: 'LOCAL',
    recipe: 'default',
    modelName: 'bare',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
  });
  const lease = await store.leases.claim(id);
  if (lease) leases.push(lease);
}
process.send?.('ready');

const startedAt = performance.now();
let made = 0;
setInterval(async () => {
  const due = ((performance.now() - startedAt) / 1000) * leases.length * Number(perSecond);
  for (; made < due; made += 1) {
    const lease = leases[made % leases.length];
    if (!lease) return;
    const texts = [lines[made % lines.length] ?? ''];
    const runs = [{ count: 1, time: Date.now(), source: null }];
    await store.logs.append(lease, { lines: texts, runs, cursor: `${made}`, collectorState: null });
  }
}, 20);
