import {
  isOver,
  type Job,
  type JobFailure,
  type JobPatch,
  type JobStatus,
  jobStatuses,
} from '../core/job.ts';

const finalStatuses = ['COMPLETED', 'FAILED', 'CANCELLED', 'LOST'] as const;

/**
 * Where a job stands, as far as rules go. While it is OPEN, or a cancel is ASKED for, its status is its
 * provider's word; once the cancel was accepted (CANCELLING) it is STOPPING; the others are statuses.
 */
export type Stage = 'OPEN' | 'ASKED' | 'CANCELLING' | (typeof finalStatuses)[number];

/** What can happen to a job, and what that means; the docs are made of these words. */
export const eventMeanings = {
  told: 'its provider tells a status that is no end',
  completed: 'its provider tells that it succeeded',
  failed: 'its provider tells that it failed',
  stopped: 'its provider tells that it was cancelled',
  missing: 'its provider tells that it is lost',
  refused: 'its provider refuses to run it',
  denied: 'its provider no longer knows it',
  cancelAsked: 'somebody, or a limit, asks for its end',
  cancelAccepted: 'its provider agrees to end it',
  cancelWithdrawn: 'nobody could be asked to end it, or it had ended already',
  dropped: 'it is cancelled before any provider has it',
  letGo: 'it is let go by force, for nobody can be asked',
} as const;

export type EventName = keyof typeof eventMeanings;

const afterCancel = {
  told: 'CANCELLING',
  completed: 'CANCELLED',
  failed: 'CANCELLED',
  stopped: 'CANCELLED',
  missing: 'CANCELLED',
  refused: 'CANCELLED',
  denied: 'CANCELLED',
  cancelAsked: 'CANCELLING',
  cancelAccepted: 'CANCELLING',
  letGo: 'CANCELLED',
} as const;

/**
 * The only place that decides what follows what. An event that a stage does not list changes nothing: over is
 * over. An accepted cancel ends CANCELLED, whatever else is told; one that was never answered does, too,
 * unless the job is told to have succeeded.
 */
export const states: Readonly<Record<Stage, Readonly<Partial<Record<EventName, Stage>>>>> = {
  OPEN: {
    told: 'OPEN',
    completed: 'COMPLETED',
    failed: 'FAILED',
    stopped: 'CANCELLED',
    missing: 'LOST',
    refused: 'FAILED',
    denied: 'LOST',
    cancelAsked: 'ASKED',
    cancelAccepted: 'CANCELLING',
    dropped: 'CANCELLED',
    letGo: 'LOST',
  },
  ASKED: {
    told: 'ASKED',
    completed: 'COMPLETED',
    failed: 'CANCELLED',
    stopped: 'CANCELLED',
    missing: 'LOST',
    refused: 'CANCELLED',
    denied: 'LOST',
    cancelAsked: 'ASKED',
    cancelAccepted: 'CANCELLING',
    cancelWithdrawn: 'OPEN',
    dropped: 'CANCELLED',
    letGo: 'LOST',
  },
  CANCELLING: afterCancel,
  COMPLETED: {},
  FAILED: {},
  CANCELLED: {},
  LOST: {},
};

/** One event. Times are milliseconds since 1970; `now` is this server's clock. */
export interface JobEvent {
  name: EventName;
  now: number;
  /** With `told`: the status. */
  status?: JobStatus;
  /** As the provider's clock has it. */
  startedAt?: number | null;
  finishedAt?: number | null;
  /** With `cancelAsked`: at once, without time to save a checkpoint. */
  byForce?: boolean;
  /** Why it ends so; kept where the job ends FAILED or LOST, or with the cancel that it is the reason of. */
  failure?: JobFailure | null;
}

/**
 * What an event changes in a job; null for nothing. Each time is set once and in order: a start, then an
 * end, by one clock or another; a cancel that is asked for, then accepted, by this server's.
 */
export function applyEvent(job: Job, event: JobEvent): JobPatch | null {
  const stage = stageOf(job);
  const next = states[stage][event.name];
  if (next === undefined) return null;
  const status = statusIn(next, job, event);
  const patch: JobPatch = { status };
  if (event.failure && keepsFailure(next, event)) patch.failure = event.failure;
  if (event.name === 'cancelWithdrawn') {
    return { ...patch, cancelRequestedAt: null, cancelByForce: false, failure: null };
  }
  if (event.name === 'cancelAsked') {
    if (next === 'ASKED') {
      patch.cancelRequestedAt = Math.max(job.createdAt, job.cancelRequestedAt ?? event.now);
    }
    patch.cancelByForce = job.cancelByForce || (event.byForce ?? false);
  }
  if (event.name === 'cancelAccepted' || event.name === 'dropped') {
    const asked = patch.cancelRequestedAt ?? job.cancelRequestedAt ?? job.createdAt;
    patch.cancelledAt = job.cancelledAt ?? Math.max(asked, event.now);
  }
  if (job.startedAt === null && (event.startedAt || status === 'RUNNING')) {
    patch.startedAt = event.startedAt ?? event.now;
  }
  if (isOver(status)) {
    const startedAt = patch.startedAt ?? job.startedAt ?? Number.NEGATIVE_INFINITY;
    patch.finishedAt = Math.max(startedAt, event.finishedAt ?? event.now);
    patch.stale = false;
  }
  return patch;
}

/** The event of a status that a provider tells. */
export function eventOf(status: JobStatus): EventName {
  switch (status) {
    case 'COMPLETED':
      return 'completed';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'stopped';
    case 'LOST':
      return 'missing';
    default:
      return 'told';
  }
}

/** A job that a cancel was asked for, and nobody has answered yet. */
export function awaitsCancel(job: Job): boolean {
  return stageOf(job) === 'ASKED';
}

function stageOf({ status, cancelledAt, cancelRequestedAt }: Job): Stage {
  if (isFinal(status)) return status;
  if (cancelledAt !== null) return 'CANCELLING';
  return cancelRequestedAt === null ? 'OPEN' : 'ASKED';
}

function statusIn(stage: Stage, job: Job, event: JobEvent): JobStatus {
  if (stage === 'CANCELLING') return 'STOPPING';
  if (stage !== 'OPEN' && stage !== 'ASKED') return stage;
  const told = event.name === 'told' ? (event.status ?? job.status) : job.status;
  return isOver(told) ? job.status : told;
}

function keepsFailure(next: Stage, { name }: JobEvent): boolean {
  return next === 'FAILED' || next === 'LOST' || name === 'cancelAsked' || name === 'letGo';
}

function isFinal(status: JobStatus): status is (typeof finalStatuses)[number] {
  return finalStatuses.some((final) => final === status);
}

/** The statuses that a job may have while its provider has the word. */
export const openStatuses = jobStatuses.filter((status) => !isFinal(status));
