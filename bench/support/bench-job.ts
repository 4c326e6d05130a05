import { newJobId } from '../../src/core/job.ts';
import type { Store } from '../../src/core/store.ts';

/** Adds a job to a store and returns its id. */
export async function insertJob(store: Store): Promise<string> {
  const id = newJobId();
  await store.jobs.insert({
    id,
    name: 'bench',
    provider: 'local',
    recipe: 'default',
    modelName: 'model',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
  });
  return id;
}
