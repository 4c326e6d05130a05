import {
  isOver,
  type Job,
  type JobFailure,
  type JobPatch,
  type JobProgress,
  type JobStatus,
} from '../core/job.ts';
import type { ProviderState } from '../core/provider.ts';
import { accrue } from './money/cost.ts';

/**
 * What a provider's word changes in a job. Over is over; an accepted cancel is final, so whatever
 * end the provider then reports is CANCELLED, and until it does the job is STOPPING.
 */
export function transition(job: Job, state: ProviderState, now: number): JobPatch {
  const status = nextStatus(job, state.status);
  const patch: JobPatch = {
    status,
    stale: false,
    providerStatus: state.providerStatus ?? job.providerStatus,
  };
  if (state.consoleUrl) patch.consoleUrl = state.consoleUrl;
  if (state.rate) patch.cost = accrue(job, state.rate);
  if (state.progress) patch.progress = mergeProgress(job.progress, state.progress);
  if (!job.startedAt && (state.startedAt || status === 'RUNNING')) {
    patch.startedAt = state.startedAt ?? now;
  }
  if (isOver(status) && !job.finishedAt) patch.finishedAt = state.finishedAt ?? now;
  if (status === 'FAILED') patch.failure = mergeFailure(job.failure, state.failure);
  return patch;
}

/** `progress` with every value that `newer` knows. */
export function mergeProgress(
  progress: JobProgress | null,
  newer: Partial<JobProgress>,
): JobProgress {
  return {
    step: newer.step ?? progress?.step ?? null,
    totalSteps: newer.totalSteps ?? progress?.totalSteps ?? null,
    epoch: newer.epoch ?? progress?.epoch ?? null,
    totalEpochs: newer.totalEpochs ?? progress?.totalEpochs ?? null,
    percent: newer.percent ?? progress?.percent ?? null,
    ...mergeLoss(progress, newer),
    learningRate: newer.learningRate ?? progress?.learningRate ?? null,
    secondsRemaining: newer.secondsRemaining ?? progress?.secondsRemaining ?? null,
  };
}

/** A loss that is no finite number takes the place of an earlier one that was. */
function mergeLoss(
  progress: JobProgress | null,
  newer: Partial<JobProgress>,
): Pick<JobProgress, 'loss' | 'lossNotFinite'> {
  const { loss = null, lossNotFinite = null } =
    newer.loss != null || newer.lossNotFinite != null ? newer : (progress ?? {});
  return { loss, lossNotFinite };
}

/** `failure` with every value that `newer` knows. */
function mergeFailure(
  failure: JobFailure | null,
  newer: Partial<JobFailure> | undefined,
): JobFailure {
  return {
    message: newer?.message ?? failure?.message ?? 'The job failed; its provider did not say why.',
    exitCode: newer?.exitCode ?? failure?.exitCode ?? null,
    signal: newer?.signal ?? failure?.signal ?? null,
    offset: newer?.offset ?? failure?.offset ?? null,
    excerpt: newer?.excerpt ?? failure?.excerpt ?? [],
  };
}

function nextStatus(job: Job, reported: JobStatus | null): JobStatus {
  if (isOver(job.status)) return job.status;
  if (job.cancelledAt === null) return reported ?? job.status;
  return reported !== null && isOver(reported) ? 'CANCELLED' : 'STOPPING';
}
