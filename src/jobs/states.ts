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
 * Where a job stands in the rules below. In OPEN, and in ASKED (a cancel was asked for and not answered yet), the
 * job has the status that its provider reports. In CANCELLING (the cancel was accepted) its status is STOPPING.
 * The other stages are the final statuses of the same name.
 */
export type Stage = 'OPEN' | 'ASKED' | 'CANCELLING' | (typeof finalStatuses)[number];

/** What can happen to a job, in words that `docs/job-states.md` repeats. */
export const eventMeanings = {
  told: 'its provider reports a status that is not final',
  completed: 'its provider reports that it succeeded',
  failed: 'its provider reports that it failed',
  stopped: 'its provider reports that it was cancelled',
  missing: 'its provider reports that it is lost',
  refused: 'its provider refuses to run it',
  denied: 'its provider no longer knows it',
  cancelAsked: 'somebody, or a limit, asks for its cancel',
  cancelAccepted: 'its provider agrees to end it',
  cancelWithdrawn: 'its provider could not be asked to end it, or it had already ended',
  dropped: 'it is cancelled before any provider has it',
  letGo: 'it is let go by force, because no provider can be asked about it',
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
 * The stage to which each event leads from each stage; nothing else decides this. An event that a stage does not
 * list changes nothing, so a job that is over stays as it is. After an accepted cancel a job ends CANCELLED,
 * whatever its provider reports. After an unanswered one it does too, unless it succeeded or is LOST.
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

/** Something that happened to a job. Times are milliseconds since 1970, UTC; `now` is by this server's clock. */
export interface JobEvent {
  name: EventName;
  now: number;
  /** The status that was reported; for `told`. */
  status?: JobStatus;
  /** By the provider's clock. */
  startedAt?: number | null;
  /** By the provider's clock. */
  finishedAt?: number | null;
  /** True to end the job at once, without time to save a checkpoint; for `cancelAsked`. */
  byForce?: boolean;
  /** Why the job ends. It is kept where the job ends FAILED or LOST, and where it is the reason of a cancel. */
  failure?: JobFailure | null;
}

/**
 * What an event changes in a job; null for nothing. Each time is set once, and times keep their order: a job
 * never ends before its start, and a cancel is never accepted before it was asked for.
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

/** The event for a status that a provider reports. */
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

/** True for a job whose cancel was asked for and has not been answered yet. */
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

/** The statuses that a job may have before it is over. */
export const openStatuses = jobStatuses.filter((status) => !isFinal(status));
