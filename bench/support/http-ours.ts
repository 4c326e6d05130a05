import { openTestServer } from '../../test/support/server.ts';
import { trainingLog } from './training-log.ts';

// Our server, over a store with one log of 200,000 lines.
const server = await openTestServer();
const log = await server.openLog();
for (let line = 0; line < 200_000; line += 1000) await log.print(...trainingLog(line, 1000));
await log.end();
process.send?.({ url: server.url, jobId: log.job.id });
process.once('disconnect', () => process.exit());
