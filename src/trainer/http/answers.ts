import type { LogGap, NotFinite } from '../../core/log.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import type { JobRecord } from '../disk/record.ts';
import type { Job } from '../jobs/job.ts';
import type { QueueWait } from '../jobs/jobs.ts';
import type { JobLog, LogLines } from '../log/job-log.ts';
import type { Usage } from '../process/usage.ts';

/** The answer to `GET /api/training/status/{id}`. A field that nobody knows is null. */
export function statusAnswer(job: Job, log: JobLog, wait: QueueWait | null) {
  const record = job.shown;
  const { progress } = log.metrics;
  const evalLoss = log.metrics.newest('eval_loss');
  const gradNorm = log.metrics.newest('grad_norm');
  const end = record.finishedAt ?? Date.now();
  return {
    job_id: record.id,
    name: record.name,
    recipe: record.recipe,
    status: record.status,
    progress: record.status === 'completed' ? 100 : (progress.percent ?? 0),
    current_epoch: progress.epoch,
    total_epochs: progress.totalEpochs,
    current_step: progress.step,
    total_steps: progress.totalSteps,
    loss: progress.loss,
    eval_loss: finite(evalLoss),
    learning_rate: progress.learningRate,
    grad_norm: finite(gradNorm),
    elapsed_seconds: record.startedAt === null ? null : (end - record.startedAt) / 1000,
    remaining_seconds: record.finishedAt === null ? progress.secondsRemaining : null,
    samples_per_second:
      finite(log.metrics.newest('train_samples_per_second')) ??
      finite(log.metrics.newest('samples_per_second')),
    error_message: record.errorMessage,
    error: record.errorMessage,
    exit_code: record.exitCode,
    signal: record.signal,
    started_at: isoTime(record.startedAt),
    completed_at: isoTime(record.finishedAt),
    updated_at: isoTime(
      record.finishedAt === null
        ? Math.max(record.updatedAt, log.changedAt ?? 0)
        : record.updatedAt,
    ),
    queue_position: wait?.position ?? null,
    ...notFiniteAnswer({ loss: progress.lossNotFinite, eval_loss: evalLoss, grad_norm: gradNorm }),
    ...noticeAnswer(job, log),
    ...(wait === null ? {} : waitAnswer(wait)),
  };
}

/**
 * Which values are NaN or infinite, by the word for each. The fields themselves are null, since JSON has no
 * NaN and the contract's clients read numbers. There is no field if all are finite.
 */
function notFiniteAnswer(values: Readonly<Record<string, number | NotFinite | null>>): {
  not_finite?: Record<string, NotFinite>;
} {
  const words: Record<string, NotFinite> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') words[name] = value;
  }
  return Object.keys(words).length === 0 ? {} : { not_finite: words };
}

function finite(value: number | NotFinite | null): number | null {
  return typeof value === 'number' ? value : null;
}

function waitAnswer({ position, ahead, concurrency, lack }: QueueWait) {
  const before = ahead === null ? '' : `, behind job ${ahead}`;
  const atATime = concurrency === 1 ? 'one job runs' : `${concurrency} jobs run`;
  const place = `The job is at place ${position} of the queue${before}; ${atATime} at a time`;
  return {
    status_reason: lack === null ? place : `No job is started until there is room. ${lack}`,
    waits_for: { position, job_id: ahead, concurrency },
  };
}

/** Why the job is held, or why lines of its log may be missing. There is no field if neither is so. */
function noticeAnswer({ heldFor }: Job, { lossReason }: JobLog) {
  if (heldFor !== null) {
    const message = `The job is held until there is room. ${heldFor}`;
    return { status_reason: message, notice: { code: 'DISK_FULL', message, help: heldHelp } };
  }
  if (lossReason === null) return {};
  return { notice: { code: 'LINES_LOST', message: lossReason, help: lostHelp } };
}

const heldHelp = [
  'Make room on the disk of the training server: the job then goes on by itself, where it stopped',
  'Or cancel the job, or set TRAINER_DISK_RESERVE_MB to less and start the training server again',
];
const lostHelp = [
  "The gaps of the log say where lines may be missing; what is left of the file lies in the job's folder on the training server",
];

/**
 * The answer to `GET /api/training/metrics/{id}`: one row for each step, oldest first. A value that is NaN or
 * infinite is null, and named in the row's `not_finite`.
 */
export function metricsAnswer(record: JobRecord, log: JobLog) {
  const metrics = [...log.metrics.rows].map((row) => ({
    ...row.values,
    ...Object.fromEntries(Object.keys(row.notFinite).map((name) => [name, null])),
    step: row.step,
    epoch: row.epoch,
    timestamp: isoTime(row.time),
    ...notFiniteAnswer(row.notFinite),
  }));
  return { job_id: record.id, metrics };
}

/** One row of the answer to `GET /api/training/jobs`. */
export function jobAnswer(record: JobRecord, steps: Pick<JobRecord, 'step' | 'totalSteps'>) {
  return {
    job_id: record.id,
    name: record.name,
    status: record.status,
    started_at: isoTime(record.startedAt),
    current_step: steps.step,
    total_steps: steps.totalSteps,
  };
}

/** The answer to `GET /api/training/queue`. */
export function queueAnswer(running: JobRecord[], queued: JobRecord[]) {
  return {
    running_count: running.length,
    queued_count: queued.length,
    running_jobs: running.map((record) => ({
      job_id: record.id,
      name: record.name,
      status: record.status,
      started_at: isoTime(record.startedAt),
    })),
    queued_jobs: queued.map((record, index) => ({
      job_id: record.id,
      name: record.name,
      position: index + 1,
      status: record.status,
    })),
    queue_active: true,
  };
}

/** The data of the `end` event of a log's stream. */
export function endAnswer(job: Job, log: JobLog) {
  const { record } = job;
  return {
    total_lines: log.total,
    status: record.status,
    exit_code: record.exitCode,
    signal: record.signal,
    error_message: record.errorMessage,
    ...noticeAnswer(job, log),
  };
}

/** The gaps of a read that was asked for at line `asked`. There is no field if there are none. */
export function gapsAnswer(
  log: JobLog,
  asked: number,
  read: Pick<LogLines, 'first' | 'lines'>,
): { gaps?: LogGap[] } {
  const gaps = log.gaps(asked, read);
  return gaps.length === 0 ? {} : { gaps };
}

/** A time in ISO 8601, with its zone. */
export function isoTime(ms: number): string;
export function isoTime(ms: number | null): string | null;
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** The recipes by name and, beside that, what is known of each. */
export function recipesAnswer(recipes: readonly RecipeFacts[]) {
  return {
    recipes: recipes.map(({ name }) => name),
    recipe_list: recipes.map(({ configSchema, ...recipe }) => ({
      ...recipe,
      config_schema: configSchema,
    })),
  };
}

/** What a job uses, each value under a name that ends with its unit; no field where it is not known. */
export function usageAnswer(usage: Usage | null) {
  if (usage === null) return {};
  const values: Record<string, number> = { memory_bytes: usage.memoryBytes };
  if (usage.cpuCores !== null) values.cpu_cores = usage.cpuCores;
  for (const [index, { utilization_percent, memory_used_mb }] of usage.gpus.entries()) {
    if (utilization_percent !== null)
      values[`gpu_${index}_utilization_percent`] = utilization_percent;
    if (memory_used_mb !== null) values[`gpu_${index}_memory_bytes`] = memory_used_mb * 1024 * 1024;
  }
  return { resources: { time: new Date(usage.time).toISOString(), values } };
}
