import { openTestServer } from '../../test/support/server.ts';
import { produceLines } from './lines-source.ts';

// A server of its own process: one job that prints, for whoever follows it by graphql-ws.
const server = await openTestServer();
const log = await server.openLog();
process.send?.({ url: server.url, jobId: log.job.id });
process.once('message', (perSecond) => {
  void produceLines(
    Number(perSecond),
    (lines) => log.print(...lines),
    new AbortController().signal,
  );
});
process.once('disconnect', () => process.exit());
