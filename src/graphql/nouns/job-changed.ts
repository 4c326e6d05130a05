import { principalKey } from '../../access/principal.ts';
import type { Job } from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { JobFilterInput, JobType, jobFilterOf } from './job.ts';

const cursorDescription = 'The position of this change. Pass it as `after` to resume after it.';

const JobSavedType = builder.objectRef<{ cursor: string; job: Job }>('JobSaved').implement({
  description: 'A job that is new or has changed.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: cursorDescription }),
    job: t.expose('job', { type: JobType, description: 'The job as it is now.' }),
  }),
});

const JobDeletedType = builder
  .objectRef<{ cursor: string; deletedJobId: string }>('JobDeleted')
  .implement({
    description: 'A job that was deleted, with its log.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: cursorDescription }),
      deletedJobId: t.exposeID('deletedJobId', { description: 'The id that the job had.' }),
    }),
  });

const JobChangeType = builder.unionType('JobChange', {
  description: 'A job that is new or has changed, or one that was deleted.',
  types: [JobSavedType, JobDeletedType],
  // `isTypeOf` would fail in compiled operations: the compiler does not tell Pothos which union is meant.
  resolveType: (change) => ('job' in change ? JobSavedType : JobDeletedType),
});

builder.subscriptionField('jobChanged', (t) =>
  t.field({
    type: JobChangeType,
    description:
      'Follows jobs as `jobUpdated` with a filter does, and reports deleted jobs, too. With `after` it begins with the changes since then instead of the newest 200 jobs. No change is missed, even if the server restarts meanwhile. Several changes of one job may come as one, and some changes may come again after a lost connection. Fails with CONFLICT where some changes since `after` are no longer stored: the newest 100,000 are.',
    args: {
      filter: t.arg({ type: JobFilterInput, description: 'Only jobs that pass this filter.' }),
      after: t.arg.string({ description: 'The cursor of the last change that the reader has.' }),
    },
    subscribe: (_root, { filter, after }, { jobWatch, principal, pace }) =>
      jobWatch.all({
        filter: jobFilterOf(filter),
        after: after ?? null,
        who: principalKey(principal),
        turn: () => pace.turn('stream'),
      }),
    resolve: (change) => change,
  }),
);
