// Takes a job's lease for a minute, says so, and stays until it is killed.
import { openSqliteStore } from '../../../src/store/sqlite/open.ts';

const [dataDir = '', jobId = ''] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, leaseMs: 60_000 });
process.send?.(await store.leases.claim(jobId));
