import type { Job } from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { JobFilterInput, JobType } from './job.ts';

const cursorDescription = 'Resumes behind this change: give it as `after`.';

const JobSavedType = builder.objectRef<{ cursor: string; job: Job }>('JobSaved').implement({
  description: 'A job that is new, or has changed.',
  isTypeOf: (change) => typeof change === 'object' && change !== null && 'job' in change,
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: cursorDescription }),
    job: t.expose('job', { type: JobType, description: 'The job as it now stands.' }),
  }),
});

const JobDeletedType = builder
  .objectRef<{ cursor: string; deletedJobId: string }>('JobDeleted')
  .implement({
    description: 'A job that was deleted, with its log.',
    isTypeOf: (change) => typeof change === 'object' && change !== null && 'deletedJobId' in change,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: cursorDescription }),
      deletedJobId: t.exposeID('deletedJobId', { description: 'The id that it had.' }),
    }),
  });

const JobChangeType = builder.unionType('JobChange', {
  description: 'What has become of a job.',
  types: [JobSavedType, JobDeletedType],
});

builder.subscriptionField('jobChanged', (t) =>
  t.field({
    type: JobChangeType,
    description:
      'As jobUpdated with a filter, and every job that is deleted. With `after`, what has changed since, instead of the newest 200 jobs: nothing is missed, also over a restart of the server; changes of one job may come as one, and after a cut some may come again. Ends with CONFLICT where the changes since `after` are not kept any more, which is so after some 100,000 of them.',
    args: {
      filter: t.arg({ type: JobFilterInput }),
      after: t.arg.string({ description: 'The cursor of the last change that was seen.' }),
    },
    subscribe: (_root, { filter, after }, { jobWatch }) =>
      jobWatch.all(filter ?? {}, after ?? null),
    resolve: (change) => change,
  }),
);
