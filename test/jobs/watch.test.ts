import { expect, test } from 'vitest';
import type { JobStore } from '../../src/core/store.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { replace } from '../support/replace.ts';
import { openTestServer } from '../support/server.ts';

test('all who watch the same jobs share one list at each change', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  let lists = 0;
  const store: JobStore = replace(server.store.jobs, {
    list: (options) => {
      lists += 1;
      return server.store.jobs.list(options);
    },
  });
  const changes = new JobChanges(store);
  const jobs = new Jobs({ changes, logs: server.store.logs, providers: new Providers([]) });
  const watches = Array.from({ length: 20 }, () => jobs.watchAll({ statuses: ['RUNNING'] }));
  const all = jobs.watchAll({});
  expect((await all.next()).value).toMatchObject({ id: job.id, status: 'QUEUED' });
  const coming = watches.map((watch) => watch.next());
  expect(lists).toBe(2);
  await changes.update(job.id, () => ({ status: 'RUNNING' }));
  for (const { value } of await Promise.all(coming)) expect(value?.status).toBe('RUNNING');
  expect((await all.next()).value?.status).toBe('RUNNING');
  // Their polls may have come meanwhile, too; alone, each would have listed for itself.
  expect(lists).toBeLessThan(20);
  await Promise.all([all, ...watches].map((watch) => watch.return()));
});
