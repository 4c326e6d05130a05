import { z } from 'zod';
import { TrainyardError } from '../../core/errors.ts';
import { type Job, type JsonObject, type NewJob, newJobId } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Supervisor } from '../drive/supervisor.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';

/** The most that a job's config may hold, as JSON, in UTF-16 units. */
const maxConfigChars = 64 * 1024;
/** How long a deploy waits for the provider's first answer before it answers itself. */
const firstAnswerMs = 8000;

export interface DeployInput {
  provider: string;
  recipe: string;
  name?: string | null;
  modelName: string;
  datasetPath?: string | null;
  config?: JsonObject | null;
  /** What only one kind of provider understands, by the kind's word. */
  options?: Readonly<Record<string, JsonObject>>;
  idempotencyKey?: string | null;
}

const text = (most: number) =>
  z.string().trim().min(1, 'is empty').max(most, `is over ${most} characters`);

const checkedInput = z.object({
  name: text(200).nullish(),
  modelName: text(500),
  datasetPath: text(4096).nullish(),
  idempotencyKey: text(200).nullish(),
});

/** Saves the intent of a job and hands it to its provider. */
export class Deploy {
  readonly #changes: JobChanges;
  readonly #providers: Providers;
  readonly #supervisor: Supervisor;

  constructor(options: { changes: JobChanges; providers: Providers; supervisor: Supervisor }) {
    this.#changes = options.changes;
    this.#providers = options.providers;
    this.#supervisor = options.supervisor;
  }

  /**
   * The job, once the provider has accepted it or has not answered for some seconds: it is then
   * tried again for as long as it takes. The same idempotency key gives the same job, with whatever
   * input. Errors: `NOT_FOUND` for the provider, `BAD_USER_INPUT`, and `PROVIDER_REJECTED` where the
   * provider refuses; the job is then kept as FAILED, with the provider's words.
   */
  async run(input: DeployInput): Promise<Job> {
    const provider = this.#providers.get(input.provider);
    // What it can run may have changed, or not be known yet, right after the start.
    if (!provider.recipes().includes(input.recipe)) await this.#providers.health(provider.name);
    const newJob = parseInput(input, provider);
    const { job, created } = await this.#changes.insert(newJob);
    if (!created) return job;
    const driver = await this.#supervisor.drive(job, { isNew: true });
    if (driver) {
      const enough = new AbortController();
      await Promise.race([driver.firstAnswer, waitMs(firstAnswerMs, enough.signal)]);
      enough.abort();
    }
    const now = (await this.#changes.store.get(job.id)) ?? job;
    if (now.status === 'FAILED' && now.externalId === null) throw rejected(now);
    return now;
  }
}

function parseInput(input: DeployInput, provider: Provider): NewJob {
  const parsed = checkedInput.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TrainyardError('BAD_USER_INPUT', `input.${issue?.path.join('.')} ${issue?.message}.`);
  }
  const recipes = provider.recipes();
  if (!recipes.includes(input.recipe)) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `The provider ${provider.name} has no recipe ${JSON.stringify(input.recipe)}. It has: ${recipes.join(', ') || 'none'}.`,
    );
  }
  const config = input.config ?? {};
  const size = JSON.stringify(config).length;
  if (size > maxConfigChars) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `input.config is ${size} characters of JSON; at most ${maxConfigChars} are allowed. Put large data into a file that the job reads.`,
    );
  }
  const word = kindWord(provider);
  const { [word]: options = {}, ...others } = input.options ?? {};
  for (const other of Object.keys(others)) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `input.${other} is for providers of the kind ${other.toUpperCase()}; ${provider.name} is ${provider.kind}.`,
    );
  }
  const { name, modelName, datasetPath, idempotencyKey } = parsed.data;
  const job: NewJob = {
    id: newJobId(),
    name: name ?? `${modelName} (${input.recipe})`,
    provider: provider.name,
    recipe: input.recipe,
    modelName,
    datasetPath: datasetPath ?? null,
    config,
    options,
    idempotencyKey: idempotencyKey ?? null,
  };
  provider.check?.(job);
  return job;
}

function rejected(job: Job): TrainyardError {
  const why = job.failure?.message ?? 'no reason was given';
  return new TrainyardError(
    'PROVIDER_REJECTED',
    `The provider ${job.provider} refused the job: ${why}`,
    { details: { jobId: job.id } },
  );
}
