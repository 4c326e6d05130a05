import {
  isOver,
  type Job,
  type JobCost,
  type JobFailure,
  type JobProgress,
  type jobStatuses,
} from '../../core/job.ts';
import { builder } from '../engine/builder.ts';
import { jobLogsField, LogPageType } from './log.ts';
import { MetricSeriesType, metricsField, NotFiniteEnum } from './metrics.ts';
import { ProviderType } from './provider.ts';

const JobStatusEnum = builder.enumType('JobStatus', {
  description: 'Where a job is in its life.',
  values: {
    QUEUED: { description: 'It waits for its provider.' },
    STARTING: { description: 'Its provider makes room for it.' },
    RUNNING: { description: 'It trains.' },
    PAUSED: { description: 'It is held, and can go on.' },
    STOPPING: { description: 'A cancel was accepted; it will be CANCELLED.' },
    COMPLETED: { description: 'It ended well.' },
    FAILED: { description: 'It ended badly: see `failure`.' },
    CANCELLED: { description: 'It was ended on demand.' },
    LOST: { description: 'Its provider no longer knows it; how it ended is not known.' },
  } satisfies Record<(typeof jobStatuses)[number], object>,
});

const JobFailureType = builder.objectRef<JobFailure>('JobFailure').implement({
  description: 'Why a job ended badly, and the line to look at.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'The reason, in a sentence.' }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: "The process's exit code." }),
    signal: t.exposeString('signal', {
      nullable: true,
      description: 'The signal that ended the process, such as SIGKILL.',
    }),
    offset: t.exposeInt('offset', {
      nullable: true,
      description:
        'The line where the failure that ended the job begins; where no line tells why, the first of the last ones.',
    }),
    excerpt: t.exposeStringList('excerpt', {
      description: 'That line and what follows it, at most 20 lines.',
    }),
  }),
});

const JobProgressType = builder.objectRef<JobProgress>('JobProgress').implement({
  description: 'How far a job is, as far as its log or its provider tell.',
  fields: (t) => ({
    step: t.exposeInt('step', { nullable: true, description: 'Steps done.' }),
    totalSteps: t.exposeInt('totalSteps', { nullable: true, description: 'Steps in all.' }),
    epoch: t.exposeFloat('epoch', { nullable: true, description: 'Epochs done.' }),
    totalEpochs: t.exposeFloat('totalEpochs', { nullable: true, description: 'Epochs in all.' }),
    percent: t.exposeFloat('percent', { nullable: true, description: '0 to 100.' }),
    loss: t.exposeFloat('loss', { nullable: true, description: 'The last training loss.' }),
    lossNotFinite: t.expose('lossNotFinite', {
      type: NotFiniteEnum,
      nullable: true,
      description: 'Set, and `loss` null, where the last training loss is no finite number.',
    }),
    learningRate: t.exposeFloat('learningRate', {
      nullable: true,
      description: 'The last learning rate.',
    }),
    secondsRemaining: t.exposeFloat('secondsRemaining', {
      nullable: true,
      description: 'Until the end, as the job itself guesses; null where it is over.',
    }),
  }),
});

const JobCostType = builder.objectRef<JobCost>('JobCost').implement({
  description: 'What a job costs.',
  fields: (t) => ({
    currency: t.exposeString('currency', { description: 'ISO 4217, such as USD.' }),
    perHour: t.exposeFloat('perHour', { description: 'The rate now.' }),
    accrued: t.exposeFloat('accrued', { description: 'Spent so far.' }),
    limit: t.exposeFloat('limit', {
      nullable: true,
      description: 'Reaching it cancels the job; null where there is no budget.',
    }),
  }),
});

export const JobType = builder.objectRef<Job>('Job').implement({
  description: 'One training run.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Trainyard's own id." }),
    name: t.exposeString('name', { description: 'For people.' }),
    provider: t.field({
      type: ProviderType,
      description: 'Where it runs.',
      resolve: ({ provider, providerKind }) => ({ name: provider, kind: providerKind }),
    }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: "The provider's id; null until the provider has accepted the job.",
    }),
    recipe: t.exposeString('recipe', { description: 'What runs, by name.' }),
    modelName: t.exposeString('modelName', { description: 'The model that is trained.' }),
    datasetPath: t.exposeString('datasetPath', {
      nullable: true,
      description: "The data set; null for the recipe's own.",
    }),
    config: t.expose('config', {
      type: 'JSONObject',
      description: "The job's settings, as its caller gave them.",
    }),
    status: t.expose('status', { type: JobStatusEnum, description: 'Where it is in its life.' }),
    providerStatus: t.exposeString('providerStatus', {
      nullable: true,
      description: "The provider's own word for it.",
    }),
    stale: t.exposeBoolean('stale', {
      description: 'The provider has not answered lately; status is the last one known.',
    }),
    failure: t.expose('failure', {
      type: JobFailureType,
      nullable: true,
      description: 'Why it ended badly; null where it did not.',
    }),
    progress: t.field({
      type: JobProgressType,
      nullable: true,
      description: 'How far it is, or came; null until something is known.',
      resolve: ({ progress, status }) =>
        progress && isOver(status) ? { ...progress, secondsRemaining: null } : progress,
    }),
    metrics: t.field({
      type: [MetricSeriesType],
      description: 'Series parsed from the log, at most 64.',
      args: metricsField.args,
      complexity: metricsField.cost,
      resolve: ({ id }, args, { metrics }) => metricsField.series(id, args, metrics),
    }),
    cost: t.expose('cost', {
      type: JobCostType,
      nullable: true,
      description: 'What it costs; null where nobody is paid.',
    }),
    consoleUrl: t.exposeString('consoleUrl', {
      nullable: true,
      description: "Its page in the provider's console.",
    }),
    createdBy: t.exposeString('createdBy', {
      nullable: true,
      description:
        'Who asked for it: the name of a token, or `this machine` where none is needed; null where that was not kept.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it began to train.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended.',
    }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When anything of it last changed, its log aside.',
    }),
    logs: t.field({
      type: LogPageType,
      description: 'A page of its log.',
      args: jobLogsField.pageArgs,
      complexity: jobLogsField.pageCost,
      resolve: ({ id }, args, { logReader, pace, room }) =>
        logReader.page(id, { ...jobLogsField.pageRequest(args), pace, room }),
    }),
  }),
});

export const JobFilterInput = builder.inputType('JobFilter', {
  description: 'Which jobs to show: those that pass every condition given.',
  fields: (t) => ({
    providers: t.idList({ description: 'Jobs of these providers.' }),
    statuses: t.field({ type: [JobStatusEnum], description: 'Jobs in one of these states.' }),
    search: t.string({ description: "Part of the name, the model's name or the id." }),
  }),
});
