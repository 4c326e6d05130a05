import { z } from 'zod';
import { TrainyardError } from '../../core/errors.ts';
import { type Job, type JsonObject, type NewJob, newJobId } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { quote } from '../../lib/text/quote.ts';
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
  /** Who asks, by name. */
  createdBy?: string | null;
}

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'is empty')
    .max(most, `is over ${most} characters`)
    .refine((given) => !given.includes('\0'), 'holds a NUL, which no program can be told')
    // No store and no wire could tell two of them apart.
    .refine((given) => given.isWellFormed(), 'holds half of a surrogate pair, which is no text');

const checkedInput = z.object({
  recipe: text(200),
  name: text(200).nullish(),
  modelName: text(500),
  datasetPath: text(4096).nullish(),
  idempotencyKey: text(200).nullish(),
});

type CheckedInput = z.output<typeof checkedInput>;

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
    const checked = checkInput(input);
    const { idempotencyKey } = checked;
    // Before all that may have changed since: recipes, providers and what they accept.
    const known = idempotencyKey ? await this.#changes.store.findByKey(idempotencyKey) : null;
    if (known) return known;
    const provider = this.#providers.get(input.provider);
    // What it can run may have changed, or not be known yet, right after the start.
    if (!provider.recipes().includes(input.recipe)) await this.#providers.health(provider.name);
    const asked = newJobOf(input, checked, provider);
    await provider.check?.(asked);
    const { job, created } = await this.#changes.insert(asked);
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

function checkInput(input: DeployInput): CheckedInput {
  const parsed = checkedInput.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TrainyardError('BAD_USER_INPUT', `input.${issue?.path.join('.')} ${issue?.message}.`);
}

function newJobOf(input: DeployInput, checked: CheckedInput, provider: Provider): NewJob {
  const recipes = provider.recipes();
  // Where nobody could be asked yet, the job is kept until its provider says what it makes of it.
  if (!recipes.includes(input.recipe) && !provider.recipesUnknown) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `The provider ${provider.name} has no recipe ${quote(input.recipe)}. It has: ${recipes.join(', ') || 'none'}. Recipes stand in the trainyard.config.json of the server that runs them, which reads it when it starts.`,
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
  const { name, modelName, datasetPath, idempotencyKey } = checked;
  const job: NewJob = {
    id: newJobId(),
    name: name ?? `${modelName} (${input.recipe})`,
    provider: provider.name,
    providerKind: provider.kind,
    createdBy: input.createdBy ?? null,
    recipe: input.recipe,
    modelName,
    datasetPath: datasetPath ?? null,
    config,
    options,
    idempotencyKey: idempotencyKey ?? null,
  };
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
