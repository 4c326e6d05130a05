import type { Job, JobFailure, JobPatch, JobProgress } from '../core/job.ts';
import type { ProviderState } from '../core/provider.ts';
import { accrue } from './money/cost.ts';
import { applyEvent, eventOf } from './states.ts';

/** What a provider's report changes in a job: its status by the rules of `states`, and its other facts. */
export function transition(job: Job, state: ProviderState, now: number): JobPatch {
  const { status: told, startedAt, finishedAt } = state;
  const failure = told === 'FAILED' ? mergeFailure(job.failure, state.failure) : null;
  const patch: JobPatch = {
    stale: false,
    providerStatus: state.providerStatus ?? job.providerStatus,
    waitsFor: state.waitsFor ?? null,
    ...(told === null
      ? null
      : applyEvent(job, {
          name: eventOf(told),
          now,
          status: told,
          startedAt: startedAt ?? null,
          finishedAt: finishedAt ?? null,
          failure,
        })),
  };
  if (state.consoleUrl) patch.consoleUrl = state.consoleUrl;
  if (state.rate) patch.cost = accrue(job, state.rate);
  if (state.progress) patch.progress = mergeProgress(job.progress, state.progress);
  // A later report of the same failure may say more about it.
  if (job.status === 'FAILED' && failure) patch.failure = failure;
  return patch;
}

/** `progress`, updated with every value that `newer` has. */
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

/** `loss` and `lossNotFinite` come from the same report: only one of them is ever set. */
function mergeLoss(
  progress: JobProgress | null,
  newer: Partial<JobProgress>,
): Pick<JobProgress, 'loss' | 'lossNotFinite'> {
  const { loss = null, lossNotFinite = null } =
    newer.loss != null || newer.lossNotFinite != null ? newer : (progress ?? {});
  return { loss, lossNotFinite };
}

/** `failure`, updated with every value that `newer` has. */
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
