import { TrainyardError } from '../../core/errors.ts';
import {
  isOver,
  type Job,
  type JobCost,
  type JobFailure,
  type JobFilter,
  type JobProgress,
  type JobWait,
  type JsonObject,
  type jobStatuses,
} from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { jobLogsField, LogPageType } from './log.ts';
import { MetricSeriesType, metricsField, NotFiniteEnum } from './metrics.ts';
import { JobOutputType, outputsField } from './output.ts';
import { ProviderType } from './provider.ts';

export const JobStatusEnum = builder.enumType('JobStatus', {
  description: 'The states of a job. The last four are final.',
  values: {
    QUEUED: { description: 'The job waits for its provider.' },
    STARTING: { description: 'The provider prepares a machine for the job.' },
    RUNNING: { description: 'The job trains.' },
    PAUSED: { description: 'The job is paused and can continue.' },
    STOPPING: { description: 'The provider has accepted a cancel. The job will be CANCELLED.' },
    COMPLETED: { description: 'The job succeeded.' },
    FAILED: { description: 'The job failed; see `failure`.' },
    CANCELLED: { description: 'The job was cancelled, by a caller or by one of its limits.' },
    LOST: { description: 'The provider no longer knows the job, so its end is not known.' },
  } satisfies Record<(typeof jobStatuses)[number], object>,
});

const JobFailureType = builder.objectRef<JobFailure>('JobFailure').implement({
  description: 'Why a job failed, was lost or was cancelled by a limit, and the line to look at.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'The reason, in a sentence.' }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description: "The process's exit code; null where it is not known.",
    }),
    signal: t.exposeString('signal', {
      nullable: true,
      description: 'The signal that ended the process, such as SIGKILL; null where none did.',
    }),
    offset: t.exposeInt('offset', {
      nullable: true,
      description:
        'The offset of the line where the error begins. If no line shows the error, that of the first of the last lines.',
    }),
    excerpt: t.exposeStringList('excerpt', {
      description: 'The text of that line and of those that follow it, at most 20 lines.',
    }),
  }),
});

const JobProgressType = builder.objectRef<JobProgress>('JobProgress').implement({
  description:
    'How far a job is, from its log or from its provider. A field is null while neither reports it.',
  fields: (t) => ({
    step: t.exposeInt('step', { nullable: true, description: 'The steps that are done.' }),
    totalSteps: t.exposeInt('totalSteps', {
      nullable: true,
      description: 'The steps of the whole training.',
    }),
    epoch: t.exposeFloat('epoch', {
      nullable: true,
      description: 'The epochs that are done, which may be a fraction.',
    }),
    totalEpochs: t.exposeFloat('totalEpochs', {
      nullable: true,
      description: 'The epochs of the whole training.',
    }),
    percent: t.exposeFloat('percent', {
      nullable: true,
      description: 'The part of the training that is done, in percent: 0 to 100.',
    }),
    loss: t.exposeFloat('loss', { nullable: true, description: 'The last training loss.' }),
    lossNotFinite: t.expose('lossNotFinite', {
      type: NotFiniteEnum,
      nullable: true,
      description: 'Set where the last training loss is not a finite number; `loss` is null then.',
    }),
    learningRate: t.exposeFloat('learningRate', {
      nullable: true,
      description: 'The last learning rate.',
    }),
    secondsRemaining: t.exposeFloat('secondsRemaining', {
      nullable: true,
      description:
        'The time until the end, in seconds, as the job itself estimates it; null for a job that is over.',
    }),
  }),
});

const JobWaitType = builder.objectRef<JobWait>('JobWait').implement({
  description:
    'What a queued job waits for. A field is null where its provider does not report it.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'The reason, in a sentence.' }),
    position: t.exposeInt('position', {
      nullable: true,
      description: "The place in the provider's queue: 1 for the job that starts next.",
    }),
    ahead: t.exposeID('ahead', {
      nullable: true,
      description:
        "The `externalId` of the job before it, which is queued or, for the first in the queue, runs. The training server that comes with Trainyard uses a job's own id.",
    }),
    concurrency: t.exposeInt('concurrency', {
      nullable: true,
      description: 'How many jobs the provider runs at a time.',
    }),
  }),
});

const JobCostType = builder.objectRef<JobCost>('JobCost').implement({
  description: 'What a job costs at its provider.',
  fields: (t) => ({
    currency: t.exposeString('currency', { description: 'The ISO 4217 code, such as USD.' }),
    perHour: t.exposeFloat('perHour', { description: 'The present rate per hour, in `currency`.' }),
    accrued: t.exposeFloat('accrued', { description: 'The cost so far, in `currency`.' }),
    limit: t.exposeFloat('limit', {
      nullable: true,
      description:
        'The budget in `currency`, which cancels the job when it is reached; null for no budget.',
    }),
  }),
});

export const JobType = builder.objectRef<Job>('Job').implement({
  description: 'One training run.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Trainyard's own id." }),
    name: t.exposeString('name', { description: 'The name, for people.' }),
    provider: t.field({
      type: ProviderType,
      description: 'The provider that runs it.',
      resolve: ({ provider, providerKind }) => ({ name: provider, kind: providerKind }),
    }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: "The provider's own id for the job; null until the provider has accepted it.",
    }),
    recipe: t.exposeString('recipe', { description: 'The name of the recipe that runs.' }),
    modelName: t.exposeString('modelName', { description: 'The model to train.' }),
    datasetPath: t.exposeString('datasetPath', {
      nullable: true,
      description:
        "The path of the data set on the machine that trains; null for the recipe's own.",
    }),
    config: t.expose('config', {
      type: 'JSONObject',
      description: 'The settings that the caller gave.',
    }),
    options: t.field({
      type: 'JSONObject',
      description:
        "What it was deployed with besides `config`, by the names of the input for its provider's kind; empty where that has none. Of environment variables it has the names alone, as `envNames`.",
      resolve: shownOptions,
    }),
    status: t.expose('status', { type: JobStatusEnum, description: 'The state of the job.' }),
    providerStatus: t.exposeString('providerStatus', {
      nullable: true,
      description: "The provider's own word for the state; null until it has reported one.",
    }),
    stale: t.exposeBoolean('stale', {
      description:
        'True where the provider has not reported the job for some seconds, so that `status` may be out of date.',
    }),
    waitsFor: t.field({
      type: JobWaitType,
      nullable: true,
      description:
        'What the job waits for while it is QUEUED; null in other states, and where nothing is known.',
      resolve: waitOf,
    }),
    failure: t.expose('failure', {
      type: JobFailureType,
      nullable: true,
      description: 'Why the job failed, was lost or was cancelled by a limit; null otherwise.',
    }),
    progress: t.field({
      type: JobProgressType,
      nullable: true,
      description: 'How far the job is, or came; null until something is known.',
      resolve: ({ progress, status }) =>
        progress && isOver(status) ? { ...progress, secondsRemaining: null } : progress,
    }),
    metrics: t.field({
      type: [MetricSeriesType],
      nullable: true,
      description: 'The metrics in the log, at most 64; null only beside an error.',
      args: metricsField.args,
      complexity: metricsField.cost,
      resolve: ({ id }, args, context) => metricsField.series(id, args, context),
    }),
    resources: t.field({
      type: [MetricSeriesType],
      nullable: true,
      description:
        "What the job uses of its machine, about every ten seconds while it runs, as series over the seconds since its start. A name ends with the unit: `cpu_cores` (in use), `memory_bytes`, `gpu_0_utilization_percent`. Empty where the provider does not say it; null only beside an error. GPUs of a training server are the machine's, whoever uses them.",
      args: metricsField.args,
      complexity: metricsField.cost,
      resolve: ({ id }, args, context) => metricsField.series(id, args, context, 'resources'),
    }),
    cost: t.expose('cost', {
      type: JobCostType,
      nullable: true,
      description: 'What the job costs; null where its provider charges nothing.',
    }),
    consoleUrl: t.exposeString('consoleUrl', {
      nullable: true,
      description:
        "The address of the job's page in the provider's console; null where there is none.",
    }),
    tags: t.exposeStringList('tags', { description: "Words of people's own, to find it by." }),
    note: t.exposeString('note', {
      nullable: true,
      description: 'What people want to remember of it; null for nothing.',
    }),
    pinned: t.exposeBoolean('pinned', {
      description: 'True for a job that people want to find among all others.',
    }),
    createdBy: t.exposeString('createdBy', {
      nullable: true,
      description:
        'Who deployed it: the name of a token, or `this machine` where no token is needed. Null for jobs of releases that did not keep it.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was deployed.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it began to train; null until then.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null until then.',
    }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When the job last changed. New lines of its log do not count.',
    }),
    outputs: t.field({
      type: [JobOutputType],
      nullable: true,
      description:
        'The files that the job has made so far, folder by folder; null only beside an error, which is `NOT_SUPPORTED` where its provider keeps no files.',
      args: outputsField.args,
      complexity: outputsField.cost,
      resolve: (job, args, context) => outputsField.files(job, args, context),
    }),
    logs: t.field({
      type: LogPageType,
      nullable: true,
      description: 'A page of its log; null only beside an error.',
      args: jobLogsField.pageArgs,
      complexity: jobLogsField.pageCost,
      resolve: ({ id }, args, { logReader, pace, room }) =>
        logReader.page(id, { ...jobLogsField.pageRequest(args), pace, room }),
    }),
  }),
});

/** A job that no provider has accepted yet waits for the reason of its notice. */
function waitOf({ status, waitsFor, externalId, notice }: Job): JobWait | null {
  if (status !== 'QUEUED') return null;
  if (waitsFor !== null || externalId !== null || notice === null) return waitsFor;
  return { message: notice.message, position: null, ahead: null, concurrency: null };
}

builder.objectField(JobType, 'rerunOf', (t) =>
  t.field({
    type: JobType,
    nullable: true,
    description: 'The job that it repeats; null where it repeats none, or one that was deleted.',
    resolve: ({ rerunOf }, _args, { jobs }) => (rerunOf === null ? null : jobs.find(rerunOf)),
  }),
);

export const JobFilterInput = builder.inputType('JobFilter', {
  description:
    'Selects the jobs that pass all of these conditions. An absent condition lets all jobs pass. A list has at most 1000 items.',
  fields: (t) => ({
    providers: t.idList({ description: 'The job has one of these providers, given by name.' }),
    statuses: t.field({ type: [JobStatusEnum], description: 'The job is in one of these states.' }),
    search: t.string({
      description: "This text is part of the job's name, model name or id. Case is ignored.",
    }),
    ids: t.idList({
      description: 'The job has one of these ids, of which there are at most 1000.',
    }),
    recipes: t.idList({ description: 'The job runs one of these recipes, given by name.' }),
    tags: t.stringList({ description: 'The job has all of these tags.' }),
    pinned: t.boolean({ description: 'The job is pinned, or is not.' }),
    rerunOf: t.id({ description: 'The job runs the job with this id again.' }),
    createdSince: t.field({
      type: 'DateTime',
      description: 'The job was deployed at this time or later.',
    }),
    createdUntil: t.field({
      type: 'DateTime',
      description: 'The job was deployed before this time.',
    }),
  }),
});

/** A job's options as anybody may see them. */
function shownOptions({ options }: Job): JsonObject {
  const { env, envNames, place: _, ...shown } = options;
  const names = Array.isArray(env) ? env.flatMap(nameOf) : envNames;
  return Array.isArray(names) && names.length > 0 ? { ...shown, envNames: names } : shown;
}

function nameOf(variable: JsonObject[string]): string[] {
  const isNamed = typeof variable === 'object' && variable !== null && 'name' in variable;
  return isNamed && typeof variable.name === 'string' ? [variable.name] : [];
}

/** The most items of a list in a filter: each job is compared with all of them. */
const maxFilterItems = 1000;

/** A filter as jobs are looked up by. Throws `BAD_USER_INPUT` where a list is too long. */
export function jobFilterOf(
  input: typeof JobFilterInput.$inferInput | null | undefined,
): JobFilter {
  const { createdSince, createdUntil, ...given } = input ?? {};
  for (const [name, value] of Object.entries(given)) {
    if (Array.isArray(value) && value.length > maxFilterItems) {
      throw new TrainyardError(
        'BAD_USER_INPUT',
        `filter.${name} has ${value.length} items; at most ${maxFilterItems} are allowed.`,
      );
    }
  }
  return {
    ...given,
    createdSince: createdSince?.getTime() ?? null,
    createdUntil: createdUntil?.getTime() ?? null,
  };
}
