import { TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { deployOptionFields, deployOptionsIn } from './deploy-options.ts';
import { JobFilterInput, JobType } from './job.ts';

const DeployJobInput = builder.inputType('DeployJobInput', {
  description: 'A training run to start.',
  fields: (t) => ({
    provider: t.id({ required: true, description: 'Where to run: a name of `providers`.' }),
    recipe: t.string({
      defaultValue: 'default',
      description: "What to run: one of the provider's recipes.",
    }),
    name: t.string({ description: 'For people; made from model and recipe where absent.' }),
    modelName: t.string({ required: true, description: 'The model to train.' }),
    datasetPath: t.string({
      description:
        "The data set, as the machine that trains knows it; the recipe's own where absent.",
    }),
    config: t.field({
      type: 'JSONObject',
      description: 'Settings for the recipe, such as `{"learning_rate": 0.001}`; at most 64 KiB.',
    }),
    ...deployOptionFields(t),
    idempotencyKey: t.string({
      description: 'The same key gives the same job, however often it is sent.',
    }),
  }),
});

const DeployJobPayload = builder.objectRef<{ job: Job }>('DeployJobPayload').implement({
  description: 'What became of a deploy.',
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job as it now stands.' }),
  }),
});

const CancelJobInput = builder.inputType('CancelJobInput', {
  description: 'A job to end.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: 'The job.' }),
    force: t.boolean({
      defaultValue: false,
      description: 'At once, without giving it time to save a checkpoint.',
    }),
  }),
});

const CancelJobPayload = builder.objectRef<{ job: Job }>('CancelJobPayload').implement({
  description: 'What became of a cancel.',
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job as it now stands.' }),
  }),
});

const DeleteJobInput = builder.inputType('DeleteJobInput', {
  description: 'An ended job to forget.',
  fields: (t) => ({ jobId: t.id({ required: true, description: 'The job.' }) }),
});

const DeleteJobPayload = builder.objectRef<{ deletedJobId: string }>('DeleteJobPayload').implement({
  description: 'What became of a delete.',
  fields: (t) => ({
    deletedJobId: t.exposeID('deletedJobId', {
      description: 'The job that is gone, with its log.',
    }),
  }),
});

builder.mutationFields((t) => ({
  deployJob: t.field({
    type: DeployJobPayload,
    description:
      'Saves a job and hands it to its provider. Where the provider cannot be reached it is tried again until it can; where it refuses, the error is PROVIDER_REJECTED and the job is kept as FAILED.',
    args: { input: t.arg({ type: DeployJobInput, required: true }) },
    resolve: async (_root, { input }, { deploy, principal }) => {
      const recipe = input.recipe ?? 'default';
      return {
        job: await deploy.run({
          ...input,
          recipe,
          options: deployOptionsIn(input),
          createdBy: principal.name,
        }),
      };
    },
  }),
  cancelJob: t.field({
    type: CancelJobPayload,
    description:
      'Asks the provider to end a job. Once it has agreed, the job ends CANCELLED. CONFLICT for a job that has ended otherwise. With force, a job that nobody can be asked about becomes LOST: its provider does not know it, or is not configured any more; and a job that is over, but whose log waits for lines that will never come, has its log completed, with a gap.',
    args: { input: t.arg({ type: CancelJobInput, required: true }) },
    resolve: async (_root, { input }, { cancel }) => ({
      job: await cancel.run(input.jobId, { force: input.force ?? false }),
    }),
  }),
  deleteJob: t.field({
    type: DeleteJobPayload,
    description:
      'Forgets an ended job and its whole log; what its machine keeps, such as checkpoints, stays there. CONFLICT for one that is not over.',
    args: { input: t.arg({ type: DeleteJobInput, required: true }) },
    resolve: async (_root, { input }, { jobs }) => {
      await jobs.delete(input.jobId);
      return { deletedJobId: input.jobId };
    },
  }),
}));

builder.subscriptionField('jobUpdated', (t) =>
  t.field({
    type: JobType,
    description:
      'The job now, then at every change; one job, until it is over and its log complete, or all that the filter names: the newest 200, then each at every change, and once more when the filter names it no longer.',
    args: { id: t.arg.id(), filter: t.arg({ type: JobFilterInput }) },
    subscribe: (_root, { id, filter }, { jobWatch }) => {
      if (id && filter) {
        throw new TrainyardError('BAD_USER_INPUT', 'Give either id or filter, not both.');
      }
      return id ? jobWatch.one(id) : jobWatch.saved(filter ?? {});
    },
    resolve: (job) => job,
  }),
);
