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

/** How far a job is. Whatever nobody has said is null. */
export interface JobProgress {
  step: number | null;
  totalSteps: number | null;
  epoch: number | null;
  totalEpochs: number | null;
  /** 0 to 100. */
  percent: number | null;
  loss: number | null;
  /** Set, and `loss` null, where the last loss is no finite number. */
  lossNotFinite: NotFinite | null;
  learningRate: number | null;
  secondsRemaining: number | null;
}

export interface JobCost {
  /** ISO 4217, such as `USD`. */
  currency: string;
  /** The rate since `at`. */
  perHour: number;
  /** Spent until `at`. */
  accrued: number;
  limit: number | null;
  /** When it began to cost, and the moment of this rate: milliseconds since 1970, by the provider's clock. */
  since: number;
  at: number;
}

/** One training run. Times are milliseconds since 1970, UTC. */
export interface Job {
  id: string;
  /** Grows by one with every job of a store: the order of creation, and what page cursors hold. */
  seq: number;
  name: string;
  provider: string;
  /** The kind that its provider was of, such as a word of `ProviderKind`: it may not be configured any more. */
  providerKind: string | null;
  /** Who asked for it, by name; null where nobody had one. */
  createdBy: string | null;
  /** The provider's own id; null until the provider has accepted the job. */
  externalId: string | null;
  recipe: string;
  modelName: string;
  datasetPath: string | null;
  config: JsonObject;
  /**
   * What only this kind of provider understands, such as a GPU's type. Never shown to a client.
   * Its `env` may hold secrets: it is dropped as soon as the job is deployed. Its `limitOptions`,
   * where given, end the job. `place` is the provider's when it took the job.
   */
  options: JsonObject;
  idempotencyKey: string | null;
  status: JobStatus;
  providerStatus: string | null;
  stale: boolean;
  failure: JobFailure | null;
  progress: JobProgress | null;
  cost: JobCost | null;
  consoleUrl: string | null;
  notice: LogNotice | null;
  /** Set while a cancel is asked for that nobody has answered yet; kept once it was accepted. By force: at once. */
  cancelRequestedAt: number | null;
  cancelByForce: boolean;
  /** Set once the provider has accepted a cancel: from then on the job ends CANCELLED, whatever else it says. */
  cancelledAt: number | null;
  /** Set where somebody gave up, by force, the rest of the log of a job that is over. */
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
  Partial<Pick<Job, 'providerKind' | 'createdBy'>>;

/** What may change in a job's life. */
export type JobPatch = Partial<
  Pick<
    Job,
    | 'externalId'
    | 'status'
    | 'providerStatus'
    | 'stale'
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
  /** Part of the name, the model's name or the id; letters' case is ignored. */
  search?: string | null;
}

/** True once a job can change no more. */
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
