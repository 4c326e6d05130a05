import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { JobRef } from '../../src/core/provider.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { Reclaim } from '../../src/jobs/sweep/reclaim.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { sqlitePlace } from '../store/place.ts';
import { newJob } from '../store/samples.ts';
import { LogCapture } from '../support/log-capture.ts';
import { replace } from '../support/replace.ts';

test('what a job holds is given back, also where the store cannot tell whether its log is complete', async () => {
  const place = await sqlitePlace();
  const store = await place.open();
  const refs: JobRef[] = [];
  for (const status of ['COMPLETED', 'RUNNING', 'COMPLETED'] as const) {
    const { job } = await store.jobs.insert(newJob());
    const externalId = `external ${job.id}`;
    await store.jobs.update(job.id, () => ({ status, externalId }));
    refs.push({ jobId: job.id, externalId });
  }
  const [damaged, running, waiting] = refs;
  const db = new Sqlite(join(place.dataDir, 'trainyard.db'));
  db.prepare('UPDATE logs SET total = 7 WHERE seq <= 2').run();
  db.close();
  const released: JobRef[] = [];
  const looked = Promise.withResolvers<void>();
  const { logger } = new LogCapture();
  const options = { name: 'local', url: 'http://127.0.0.1:9', apiKey: null, recipes: null, logger };
  const provider = openLocalProvider(options);
  const holding = replace(provider, {
    async held() {
      return [damaged, running, waiting].filter((ref) => ref !== undefined);
    },
    async release(ref) {
      released.push(ref);
      looked.resolve();
    },
  });
  const reclaim = new Reclaim({ store, providers: new Providers([holding]), logger });
  reclaim.start();
  await looked.promise;
  await reclaim.close();
  expect(released).toEqual([damaged]);
  await provider.close();
  await place.dispose();
});
