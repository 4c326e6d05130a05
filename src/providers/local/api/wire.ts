import { constants } from 'node:os';
import { z } from 'zod';
import type { JobFailure, JobProgress, JobStatus, JobWait, JsonObject } from '../../../core/job.ts';
import type { ProviderState, ResourceSample } from '../../../core/provider.ts';
import type { RecipeFacts } from '../../../core/recipe.ts';

const maxWords = 500;

/** A field of the wrong kind counts as absent, because only `status` is required. */
const number = z.number().nullish().catch(null);
/** A whole number that GraphQL's Int can hold. */
const whole = z.int32().nullish().catch(null);
/** Exit codes of Windows are unsigned 32-bit numbers, such as 3221225477 for an access violation. */
const exitCode = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 32 - 1)
  .nullish()
  .catch(null);
const text = z.string().nullish().catch(null);
const id = z
  .union([z.string().regex(/^(?!\.+$)[^\p{Cc}]{1,200}$/u), z.int().nonnegative().transform(String)])
  .nullish()
  .catch(null);

export const deployAnswer = z.object({ job_id: id, id });

/** An answer of which only its success matters. */
export const accepted = z.object({});

/** The status is `degraded`, with a message, where Trainyard's own training server does not run jobs as it should. */
const anyObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** What Trainyard's own server tells of a recipe, beside its name in `recipes`. */
const recipeAnswer = z
  .object({
    name: z.string(),
    description: text,
    dataset: text,
    defaults: anyObject.nullish().catch(null),
    config_schema: anyObject.nullish().catch(null),
  })
  .transform(
    ({ name, description, dataset, defaults, config_schema }): RecipeFacts => ({
      name,
      description: description ?? null,
      dataset: dataset ?? null,
      defaults: defaults ?? {},
      configSchema: config_schema ?? null,
    }),
  );

export const healthAnswer = z
  .object({
    recipes: z.array(z.string().min(1)).nullish().catch(null),
    recipe_list: z.array(recipeAnswer).catch([]),
    status: text,
    message: text,
  })
  .catch({ recipes: null, recipe_list: [], status: null, message: null });

/** Why lines of a job's log may be missing, or why none come; absent where the server knows no reason. */
const notice = z
  .object({
    code: z.string().regex(/^[A-Z_]{1,50}$/),
    message: z.string().transform(shortened),
    help: z.array(z.string().transform(shortened)).max(10).default([]),
  })
  .nullish()
  .catch(null);

/** What a queued job waits for; absent where the server does not say it. */
const waitsFor = z
  .object({ position: whole, job_id: id, concurrency: whole })
  .nullish()
  .catch(null);

/** What the job uses of its machine; absent where the server does not say it. */
const resources = z
  .object({ time: z.string(), values: z.record(z.string().max(100), z.number()) })
  .nullish()
  .catch(null);

export const statusAnswer = z.object({
  job_id: id,
  status: z.string().min(1).max(100),
  progress: number,
  current_epoch: number,
  total_epochs: number,
  current_step: whole,
  total_steps: whole,
  loss: number,
  learning_rate: number,
  remaining_seconds: number,
  error_message: text,
  error: text,
  exit_code: exitCode,
  signal: text,
  started_at: text,
  completed_at: text,
  queue_position: whole,
  status_reason: text,
  waits_for: waitsFor,
  notice,
  resources,
});

export type StatusAnswer = z.infer<typeof statusAnswer>;

/** An entry that is not text becomes a line of JSON, so that the lines after it keep their numbers. */
const line = z
  .unknown()
  .transform((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));

/** Gaps: lines were lost right before the line `offset`. Absent where the server knows of none. */
const gaps = z
  .array(z.object({ offset: z.int().nonnegative(), reason: z.string().transform(shortened) }))
  .default([])
  .catch([]);

export const logsAnswer = z.object({
  logs: z.array(line),
  offset: z.int().nonnegative().nullish().catch(null),
  gaps,
});

export const outputsAnswer = z.object({
  outputs: z.array(
    z.object({
      path: z.string().min(1),
      bytes: z.int().nonnegative(),
      modified: z.string().transform((time) => timeOf(time) ?? 0),
    }),
  ),
  truncated: z.boolean().default(false),
});

/** The data of an event with lines. */
export const linesEvent = z.object({
  offset: z.int().nonnegative(),
  lines: z.array(z.string()),
  time: text,
  gaps,
});

/** The data of an event that shows a line which has not ended yet. */
export const unfinishedEvent = z.object({
  offset: z.int().nonnegative(),
  text: z.string(),
  time: text,
});

/** The data of the event that ends a stream. */
export const endEvent = statusAnswer.partial({ status: true }).extend({
  total_lines: z.int().nonnegative(),
  gaps,
});

const statuses: Readonly<Record<string, JobStatus>> = {
  queued: 'QUEUED',
  pending: 'QUEUED',
  running: 'RUNNING',
  paused: 'PAUSED',
  completed: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

/** A status answer in Trainyard's terms. What the server does not report is absent. */
export function stateOf(answer: StatusAnswer): ProviderState {
  const word = answer.status.toLowerCase();
  const status = Object.hasOwn(statuses, word) ? (statuses[word] ?? null) : null;
  const state: ProviderState = { status, providerStatus: answer.status };
  const startedAt = timeOf(answer.started_at);
  const finishedAt = timeOf(answer.completed_at);
  const progress = progressOf(answer);
  if (startedAt !== null) state.startedAt = startedAt;
  if (finishedAt !== null) state.finishedAt = finishedAt;
  if (Object.keys(progress).length > 0) state.progress = progress;
  const wait = status === 'QUEUED' ? waitOf(answer) : null;
  if (wait !== null) state.waitsFor = wait;
  if (status === 'FAILED') state.failure = failureOf(answer);
  const sample = sampleOf(answer);
  if (sample !== null) state.resources = sample;
  return state;
}

/** The state of the job in the event that ends a log's stream; null where the event has none. */
export function endStateOf(end: z.infer<typeof endEvent>): ProviderState | null {
  return end.status === undefined ? null : stateOf({ ...end, status: end.status });
}

/** A time as milliseconds since 1970; null where it cannot be read. The existing servers send UTC without a zone. */
export function timeOf(value: string | null | undefined): number | null {
  if (value == null) return null;
  const iso = value.trim().replace(' ', 'T');
  const ms = Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(ms) ? null : ms;
}

function sampleOf({ resources }: StatusAnswer): ResourceSample | null {
  const time = timeOf(resources?.time);
  return resources == null || time === null ? null : { time, values: resources.values };
}

/** Other servers say a job's place alone, and 0 or nothing where they know none. */
function waitOf(answer: StatusAnswer): JobWait | null {
  const { position = null, job_id: ahead = null, concurrency = null } = answer.waits_for ?? {};
  const place = position ?? (answer.queue_position || null);
  const message =
    answer.status_reason || (place === null ? null : `The job is at place ${place} of the queue`);
  if (!message) return null;
  return { message: shortened(message), position: place, ahead, concurrency };
}

function progressOf(answer: StatusAnswer): Partial<JobProgress> {
  const said: Record<keyof Omit<JobProgress, 'lossNotFinite'>, number | null | undefined> = {
    step: answer.current_step,
    totalSteps: answer.total_steps || null,
    epoch: answer.current_epoch,
    totalEpochs: answer.total_epochs || null,
    // Servers also report 0 where they know no progress.
    percent: answer.progress ? Math.min(Math.max(answer.progress, 0), 100) : null,
    loss: answer.loss,
    learningRate: answer.learning_rate,
    secondsRemaining: answer.remaining_seconds,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value != null));
}

function shortened(words: string): string {
  return words.length > maxWords ? `${words.slice(0, maxWords)}…` : words;
}

const maxInt = 2 ** 31 - 1;

function failureOf(answer: StatusAnswer): Partial<JobFailure> {
  const failure: Partial<JobFailure> = {};
  const message = answer.error_message || answer.error;
  const code = answer.exit_code;
  if (message) failure.message = message;
  // Python reports -9 for a process that ended by signal 9.
  if (code != null && code > maxInt) failure.message ??= `exit code ${code}`;
  else if (code != null && code >= 0) failure.exitCode = code;
  else if (code != null) failure.signal = signalName(-code);
  if (answer.signal) failure.signal = answer.signal;
  return failure;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
