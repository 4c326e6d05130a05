import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { rawSocket } from '../support/clients.ts';
import { replace } from '../support/replace.ts';
import { openTestServer } from '../support/server.ts';

// A send to a socket that is about to close must not count as done: the log would be read to its end
// in one go, with nobody else served meanwhile.
test('reads no further for a viewer that it has given up', async () => {
  let pages = 0;
  await using server = await openTestServer({
    times: { pingMs: 100 },
    wrapStore: (store) => ({
      ...store,
      logs: replace(store.logs, {
        read: (...args) => {
          pages += 1;
          return store.logs.read(...args);
        },
      }),
    }),
  });
  const log = await server.openLog();
  const line = 'x'.repeat(200);
  for (let batch = 0; batch < 300; batch += 1) await log.print(...new Array(1000).fill(line));
  pages = 0;

  const viewer = rawSocket(server.url);
  await once(viewer, 'open');
  viewer.send('{"type":"connection_init"}');
  await once(viewer, 'message');
  const query = 'subscription ($id: ID!) { logStream(jobId: $id) { lines } }';
  const payload = { query, variables: { id: log.job.id } };
  viewer.send(JSON.stringify({ id: 'x', type: 'subscribe', payload }));
  // It answers no ping either, so the server ends it.
  viewer.pause();
  while (server.liveLogs.counts.viewers === 0) await setTimeout(5);
  while (server.liveLogs.counts.viewers > 0) await setTimeout(5);
  expect(pages).toBeLessThan(150);
  viewer.terminate();
});
