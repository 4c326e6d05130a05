import type { Job, JobPatch, JobStatus, NewJob } from '../../core/job.ts';

/** A job as its table holds it: JSON as text, flags as 0 and 1. */
export interface JobRow {
  seq: number;
  id: string;
  provider: string;
  provider_kind: string | null;
  created_by: string | null;
  rerun_of: string | null;
  status: JobStatus;
  search: string;
  idempotency_key: string | null;
  external_id: string | null;
  stale: number;
  waits_for: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  cancel_requested_at: number | null;
  cancel_by_force: number;
  cancelled_at: number | null;
  log_given_up_at: number | null;
  updated_at: number;
  name: string;
  recipe: string;
  model_name: string;
  dataset_path: string | null;
  provider_status: string | null;
  console_url: string | null;
  config: string;
  options: string;
  /** The options' own `env`, which its table does not hold. */
  env?: string | null;
  progress: string | null;
  cost: string | null;
  failure: string | null;
  notice: string | null;
  tags: string;
  note: string | null;
  pinned: number;
}

/** What an insert binds: a new job, QUEUED. */
export function newRow(job: NewJob, now: number) {
  return {
    id: job.id,
    provider: job.provider,
    provider_kind: job.providerKind ?? null,
    created_by: job.createdBy ?? null,
    rerun_of: job.rerunOf ?? null,
    search: searchText(job.name, job.modelName, job.id),
    idempotency_key: job.idempotencyKey,
    now,
    name: job.name,
    recipe: job.recipe,
    model_name: job.modelName,
    dataset_path: job.datasetPath,
    config: JSON.stringify(job.config),
    options: withoutEnv(job.options),
    tags: JSON.stringify(job.tags ?? []),
    note: job.note ?? null,
  };
}

/** What an update binds: all that may change in a job's life. */
export function changedRow(job: Job) {
  return {
    seq: job.seq,
    status: job.status,
    external_id: job.externalId,
    stale: job.stale ? 1 : 0,
    waits_for: toJson(job.waitsFor),
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    cancel_requested_at: job.cancelRequestedAt,
    cancel_by_force: job.cancelByForce ? 1 : 0,
    cancelled_at: job.cancelledAt,
    log_given_up_at: job.logGivenUpAt,
    updated_at: job.updatedAt,
    provider_status: job.providerStatus,
    console_url: job.consoleUrl,
    options: withoutEnv(job.options),
    progress: toJson(job.progress),
    cost: toJson(job.cost),
    failure: toJson(job.failure),
    notice: toJson(job.notice),
  };
}

/** What an update of a job's labels binds. */
export function labelsRow(job: Job) {
  return {
    seq: job.seq,
    name: job.name,
    search: searchText(job.name, job.modelName, job.id),
    tags: JSON.stringify(job.tags),
    note: job.note,
    pinned: job.pinned ? 1 : 0,
  };
}

/** The job that a row holds. */
export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    seq: row.seq,
    name: row.name,
    provider: row.provider,
    providerKind: row.provider_kind,
    createdBy: row.created_by,
    rerunOf: row.rerun_of,
    externalId: row.external_id,
    recipe: row.recipe,
    modelName: row.model_name,
    datasetPath: row.dataset_path,
    config: JSON.parse(row.config),
    options: row.env
      ? { ...JSON.parse(row.options), env: JSON.parse(row.env) }
      : JSON.parse(row.options),
    idempotencyKey: row.idempotency_key,
    tags: JSON.parse(row.tags),
    note: row.note,
    pinned: row.pinned === 1,
    status: row.status,
    providerStatus: row.provider_status,
    stale: row.stale === 1,
    waitsFor: fromJson(row.waits_for),
    failure: fromJson(row.failure),
    progress: fromJson(row.progress),
    cost: fromJson(row.cost),
    consoleUrl: row.console_url,
    notice: fromJson(row.notice),
    cancelRequestedAt: row.cancel_requested_at,
    cancelByForce: row.cancel_by_force === 1,
    cancelledAt: row.cancelled_at,
    logGivenUpAt: row.log_given_up_at,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    updatedAt: row.updated_at,
  };
}

/** Letters' case is ignored by keeping, and asking for, small ones; not only of ASCII, as LIKE would. */
export function searchText(...parts: string[]): string {
  return parts.join('\n').toLowerCase();
}

/** What people may change of a job. */
export const labelKeys = ['name', 'tags', 'note', 'pinned'] as const;

/** The keys of a job that a patch may set. */
export const patchKeys = [
  ...labelKeys,
  'externalId',
  'status',
  'providerStatus',
  'stale',
  'waitsFor',
  'failure',
  'progress',
  'cost',
  'consoleUrl',
  'notice',
  'options',
  'cancelRequestedAt',
  'cancelByForce',
  'cancelledAt',
  'logGivenUpAt',
  'startedAt',
  'finishedAt',
] as const satisfies readonly (keyof JobPatch)[];

function withoutEnv({ env: _, ...options }: Job['options']): string {
  return JSON.stringify(options);
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function fromJson<T>(text: string | null): T | null {
  return text === null ? null : JSON.parse(text);
}
