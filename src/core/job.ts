import { randomBytes } from 'node:crypto';
import type { LogNotice, NotFinite } from './log.ts';

export const jobStatuses = [
  'QUEUED',
  'STARTING',
  'RUNNING',
  'PAUSED',
  'STOPPING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'LOST',
] as const;

export type JobStatus = (typeof jobStatuses)[number];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Why a job ended badly, and the line to look at. */
export interface JobFailure {
  message: string;
  exitCode: number | null;
  /** The signal that ended the process, such as `SIGKILL`. */
  signal: string | null;
  /** The line where the last traceback or error begins. */
  offset: number | null;
  /** That line and what follows it, at most 20 lines. */
  excerpt: string[];
}

/** How far a job is. A field is null until the log or the provider reports it. */
export interface JobProgress {
  step: number | null;
  totalSteps: number | null;
  epoch: number | null;
  totalEpochs: number | null;
  /** 0 to 100. */
  percent: number | null;
  loss: number | null;
  /** Set where the last loss is not a finite number; `loss` is null then. */
  lossNotFinite: NotFinite | null;
  learningRate: number | null;
  secondsRemaining: number | null;
}

/** What a queued job waits for, by its provider. A field is null where the provider does not report it. */
export interface JobWait {
  message: string;
  /** The place in the provider's queue; 1 for the job that starts next. */
  position: number | null;
  /** The provider's id of the job before it, which is queued or, for the first in the queue, runs. */
  ahead: string | null;
  /** How many jobs the provider runs at a time. */
  concurrency: number | null;
}

export interface JobCost {
  /** ISO 4217, such as `USD`. */
  currency: string;
  /** The rate since `at`. */
  perHour: number;
  /** Spent until `at`. */
  accrued: number;
  limit: number | null;
  /** When the provider began to charge: milliseconds since 1970, by the provider's clock. */
  since: number;
  /** The moment of this rate, by the same clock. */
  at: number;
}

/** One training run. Times are milliseconds since 1970, UTC. */
export interface Job {
  id: string;
  /** Grows by one with every job of a store. It gives the order of creation, and page cursors hold it. */
  seq: number;
  name: string;
  provider: string;
  /** The kind of its provider at creation, kept because that provider may no longer be configured. */
  providerKind: string | null;
  /** The name of whoever deployed it; null where the caller had none. */
  createdBy: string | null;
  /** The job that this one repeats; null for none. */
  rerunOf: string | null;
  /** The provider's own id; null until the provider has accepted the job. */
  externalId: string | null;
  recipe: string;
  modelName: string;
  datasetPath: string | null;
  config: JsonObject;
  /**
   * Options that only this kind of provider understands, such as a GPU's type. Clients are shown all but the values
   * of `env` and `place`. `env` may hold secrets, so it is dropped as soon as the job is deployed, and `envNames` are kept. A limit of
   * `limitOptions` ends the job when it is reached. `place` is `Provider.location` at the time of the deploy.
   */
  options: JsonObject;
  idempotencyKey: string | null;
  /** Words of people's own, in their order, each once. */
  tags: string[];
  /** What people want to remember of it; null for nothing. */
  note: string | null;
  /** True for a job that people want to find among all others. */
  pinned: boolean;
  status: JobStatus;
  providerStatus: string | null;
  stale: boolean;
  /** Null unless the job is QUEUED and its provider says what it waits for. */
  waitsFor: JobWait | null;
  failure: JobFailure | null;
  progress: JobProgress | null;
  cost: JobCost | null;
  consoleUrl: string | null;
  notice: LogNotice | null;
  /** When a cancel was asked for. It is kept once the provider has accepted, and cleared where the cancel failed, which its caller is told. */
  cancelRequestedAt: number | null;
  /** True where the cancel is to end the job at once. */
  cancelByForce: boolean;
  /** Set once the provider has accepted a cancel. The job then ends CANCELLED, whatever the provider reports. */
  cancelledAt: number | null;
  /** Set where a forced cancel gave up the rest of the log, of a job that is over or becomes LOST by it. */
  logGivenUpAt: number | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  updatedAt: number;
}

export type NewJob = Pick<
  Job,
  | 'id'
  | 'name'
  | 'provider'
  | 'recipe'
  | 'modelName'
  | 'datasetPath'
  | 'config'
  | 'options'
  | 'idempotencyKey'
> &
  Partial<Pick<Job, 'providerKind' | 'createdBy' | 'rerunOf' | 'tags' | 'note'>>;

/** The fields of a job that may change after its creation. */
export type JobPatch = Partial<
  Pick<
    Job,
    | 'name'
    | 'tags'
    | 'note'
    | 'pinned'
    | 'externalId'
    | 'status'
    | 'providerStatus'
    | 'stale'
    | 'waitsFor'
    | 'failure'
    | 'progress'
    | 'cost'
    | 'consoleUrl'
    | 'notice'
    | 'options'
    | 'cancelRequestedAt'
    | 'cancelByForce'
    | 'cancelledAt'
    | 'logGivenUpAt'
    | 'startedAt'
    | 'finishedAt'
  >
>;

export interface JobFilter {
  ids?: readonly string[] | null;
  providers?: readonly string[] | null;
  statuses?: readonly JobStatus[] | null;
  /** Part of the name, the model's name or the id; case is ignored. */
  search?: string | null;
  recipes?: readonly string[] | null;
  /** The job has all of these. */
  tags?: readonly string[] | null;
  pinned?: boolean | null;
  /** The id of the job that they run again. */
  rerunOf?: string | null;
  /** Milliseconds since 1970, UTC: created then or later. */
  createdSince?: number | null;
  /** Milliseconds since 1970, UTC: created before. */
  createdUntil?: number | null;
}

/** True for a status that is final. */
export function isOver(status: JobStatus): boolean {
  return (
    status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED' || status === 'LOST'
  );
}

/** A new job id: 16 characters of 0-9 and a-v, 80 random bits; safe in a path, a URL and a pod's name. */
export function newJobId(): string {
  let id = '';
  for (const byte of randomBytes(16)) id += '0123456789abcdefghijklmnopqrstuv'[byte & 31];
  return id;
}
