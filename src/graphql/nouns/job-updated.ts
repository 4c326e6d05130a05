import { principalKey } from '../../access/principal.ts';
import { TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { deployOptionFields, deployOptionsIn } from './deploy-options.ts';
import { JobFilterInput, JobType, jobFilterOf } from './job.ts';

const DeployJobInput = builder.inputType('DeployJobInput', {
  description: 'A training run to start.',
  fields: (t) => ({
    provider: t.id({
      required: true,
      description: 'The name of the provider that is to run the job; see `providers`.',
    }),
    recipe: t.string({
      defaultValue: 'default',
      description: "What to run: the name of one of the provider's recipes.",
    }),
    name: t.string({
      description:
        "The job's name, for people: at most 200 characters. By default it is made from model and recipe.",
    }),
    modelName: t.string({
      required: true,
      description: 'The model to train: at most 500 characters.',
    }),
    datasetPath: t.string({
      description:
        "The data set: its path on the machine that trains, at most 4096 characters. The recipe's own by default.",
    }),
    config: t.field({
      type: 'JSONObject',
      description:
        'Settings for the recipe, such as `{"learning_rate": 0.001}`: at most 65,536 characters of JSON.',
    }),
    ...deployOptionFields(t),
    tags: t.stringList({
      description: 'Words to find it by: at most 20, each of at most 50 characters without spaces.',
    }),
    note: t.string({ description: 'What to remember of it: at most 4000 characters.' }),
    idempotencyKey: t.string({
      description:
        'A key of at most 200 characters. A deploy with the key of an existing job returns that job and starts none.',
    }),
  }),
});

const DeployJobPayload = builder.objectRef<{ job: Job }>('DeployJobPayload').implement({
  description: 'The result of a deploy.',
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job as it is now.' }),
  }),
});

const RerunJobInput = builder.inputType('RerunJobInput', {
  description: 'A job to deploy once more, and what is to be different. An absent field stays.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: "The job's id." }),
    name: t.string({ description: 'The name, for people: at most 200 characters.' }),
    modelName: t.string({ description: 'The model to train: at most 500 characters.' }),
    datasetPath: t.string({
      description: 'The data set: its path on the machine that trains, at most 4096 characters.',
    }),
    config: t.field({
      type: 'JSONObject',
      description: "Settings that replace those of the job's `config`, key by key.",
    }),
    ...deployOptionFields(t),
    tags: t.stringList({ description: 'All tags: at most 20, each of at most 50 characters.' }),
    note: t.string({ description: 'What to remember of it: at most 4000 characters.' }),
    idempotencyKey: t.string({
      description:
        'A key of at most 200 characters. A rerun with the key of an existing job returns that job and starts none.',
    }),
  }),
});

const CancelJobInput = builder.inputType('CancelJobInput', {
  description: 'A job to end.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: "The job's id." }),
    force: t.boolean({
      defaultValue: false,
      description: 'True to end the job at once, without time to save a checkpoint.',
    }),
  }),
});

const CancelJobPayload = builder.objectRef<{ job: Job }>('CancelJobPayload').implement({
  description: 'The result of a cancel.',
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job as it is now.' }),
  }),
});

const UpdateJobInput = builder.inputType('UpdateJobInput', {
  description: 'What to say of a job. An absent field stays as it is.',
  fields: (t) => ({
    jobId: t.id({ required: true, description: "The job's id." }),
    name: t.string({ description: 'The name, for people: at most 200 characters.' }),
    note: t.string({
      description: 'What to remember of it: at most 4000 characters. An empty text removes it.',
    }),
    tags: t.stringList({
      description:
        'All its tags: at most 20, each of at most 50 characters without spaces. An empty list removes them.',
    }),
    pinned: t.boolean({ description: 'True to pin the job, false to unpin it.' }),
  }),
});

const UpdateJobPayload = builder.objectRef<{ job: Job }>('UpdateJobPayload').implement({
  description: 'The result of an update.',
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job as it is now.' }),
  }),
});

const DeleteJobInput = builder.inputType('DeleteJobInput', {
  description: 'A job to delete.',
  fields: (t) => ({ jobId: t.id({ required: true, description: "The job's id." }) }),
});

const DeleteJobPayload = builder.objectRef<{ deletedJobId: string }>('DeleteJobPayload').implement({
  description: 'The result of a delete.',
  fields: (t) => ({
    deletedJobId: t.exposeID('deletedJobId', { description: 'The id that the job had.' }),
  }),
});

builder.mutationFields((t) => ({
  deployJob: t.field({
    type: DeployJobPayload,
    description:
      'Saves a job and hands it to its provider. If the provider cannot be reached, the server keeps trying. If the provider refuses the job, the error is PROVIDER_REJECTED, and the job is kept as FAILED.',
    args: {
      input: t.arg({ type: DeployJobInput, required: true, description: 'The job to start.' }),
    },
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
  rerunJob: t.field({
    type: DeployJobPayload,
    description:
      'Deploys a job once more: with the same provider, recipe, model, data set, config, options and tags, under the changes that are given. The values of its environment variables are not kept once its provider has accepted it: if they are not given again, the error is BAD_USER_INPUT and names them. All else is as for `deployJob`.',
    args: {
      input: t.arg({
        type: RerunJobInput,
        required: true,
        description: 'The job, and what to change.',
      }),
    },
    resolve: async (_root, { input: { jobId, ...changes } }, { rerun, principal }) => ({
      job: await rerun.run(jobId, {
        ...changes,
        options: deployOptionsIn(changes),
        createdBy: principal.name,
      }),
    }),
  }),
  cancelJob: t.field({
    type: CancelJobPayload,
    description:
      'Asks the provider to end a job. Once the provider has agreed, the job ends CANCELLED. The error is CONFLICT for a job that has ended in another way. `force` also makes a job LOST whose provider does not know it or is no longer configured. For a job that is over, `force` completes a log that still waits for lines, with a gap.',
    args: {
      input: t.arg({ type: CancelJobInput, required: true, description: 'The job to end.' }),
    },
    resolve: async (_root, { input }, { cancel }) => ({
      job: await cancel.run(input.jobId, { force: input.force ?? false }),
    }),
  }),
  updateJob: t.field({
    type: UpdateJobPayload,
    description: 'Changes what people say of a job. The job itself is not touched.',
    args: {
      input: t.arg({ type: UpdateJobInput, required: true, description: 'What to change.' }),
    },
    resolve: async (_root, { input: { jobId, ...labels } }, { jobs }) => ({
      job: await jobs.label(jobId, labels),
    }),
  }),
  deleteJob: t.field({
    type: DeleteJobPayload,
    description:
      'Deletes a job that is over, and its whole log. Files on the machine that trained it, such as checkpoints, stay there. The error is CONFLICT for a job that is not over or whose log is not complete.',
    args: {
      input: t.arg({ type: DeleteJobInput, required: true, description: 'The job to delete.' }),
    },
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
      'Follows one job or many. With `id`: that job now and after every change, until it is over and its log is complete. Without: the newest 200 jobs that pass the filter, then each job that passes it after every change, and once more when it no longer passes.',
    args: {
      id: t.arg.id({ description: 'The job to follow; not together with `filter`.' }),
      filter: t.arg({ type: JobFilterInput, description: 'Only jobs that pass this filter.' }),
    },
    subscribe: (_root, { id, filter }, { jobWatch, principal, pace }) => {
      if (id && filter) {
        throw new TrainyardError('BAD_USER_INPUT', 'Give either id or filter, not both.');
      }
      const turn = () => pace.turn('stream');
      if (id) return jobWatch.one(id, turn);
      return jobWatch.saved({ filter: jobFilterOf(filter), who: principalKey(principal), turn });
    },
    resolve: (job) => job,
  }),
);
