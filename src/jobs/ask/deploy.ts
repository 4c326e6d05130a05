import { z } from 'zod';
import { configFault } from '../../core/config-schema.ts';
import { TrainyardError } from '../../core/errors.ts';
import { type Job, type JsonObject, type NewJob, newJobId } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import { kindWord } from '../../core/provider-kind.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { nearest } from '../../lib/text/nearest.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Supervisor } from '../drive/supervisor.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';
import { checkInput, labels, plainText } from './input.ts';

/** The longest config of a job, as JSON, in UTF-16 units. */
const maxConfigChars = 64 * 1024;
/** How long `deploy` waits for the provider's first answer before it returns the job as it is. */
const firstAnswerMs = 8000;
/** How long a deploy waits to hear which recipes a provider has. One that says nothing may have any. */
const recipesMs = 1000;

export interface DeployInput {
  provider: string;
  recipe: string;
  name?: string | null;
  modelName: string;
  datasetPath?: string | null;
  config?: JsonObject | null;
  /** Options that only one kind of provider understands, keyed by the kind's word. */
  options?: Readonly<Record<string, JsonObject>>;
  idempotencyKey?: string | null;
  tags?: readonly string[] | null;
  note?: string | null;
  /** The caller's name. */
  createdBy?: string | null;
  /** The job that this one repeats. */
  rerunOf?: string | null;
}

const checkedInput = z.object({
  recipe: plainText(200),
  name: labels.name.nullish(),
  modelName: plainText(500),
  datasetPath: plainText(4096).nullish(),
  idempotencyKey: plainText(200).nullish(),
  tags: labels.tags.nullish(),
  note: labels.note.nullish(),
});

type CheckedInput = z.output<typeof checkedInput>;

/** Saves new jobs and has them deployed. */
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
   * Saves a job and resolves to it once its provider has accepted it, or after 8 seconds without an answer. The
   * driver then keeps trying until the provider answers. A known idempotency key returns the job that has it,
   * whatever the other input says. Errors: `NOT_FOUND` for the provider; `BAD_USER_INPUT`; `PROVIDER_REJECTED`
   * where the provider refuses, and then the job is kept as FAILED, with the provider's reason.
   */
  async run(input: DeployInput): Promise<Job> {
    const checked = checkInput(checkedInput, input);
    const { idempotencyKey } = checked;
    // This comes first, because recipes, providers and what they accept may have changed since.
    const known = idempotencyKey ? await this.#changes.store.findByKey(idempotencyKey) : null;
    if (known) return known;
    const provider = this.#providers.get(input.provider);
    // A health check also fetches the recipes, which may have changed or, after a start, not be known yet.
    if (!provider.recipes().includes(input.recipe)) {
      await atMost(recipesMs, this.#providers.health(provider.name));
    }
    const asked = newJobOf(input, checked, provider);
    await provider.check?.(asked);
    const { job, created } = await this.#changes.insert(asked);
    if (!created) return job;
    const driver = await this.#supervisor.drive(job, { isNew: true });
    if (driver) await atMost(firstAnswerMs, driver.firstAnswer);
    const now = (await this.#changes.store.get(job.id)) ?? job;
    if (now.status === 'FAILED' && now.externalId === null) throw rejected(now);
    return now;
  }
}

/** Waits for a promise, but no longer than `ms`. */
async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([promise, waitMs(ms, enough.signal)]);
  enough.abort();
}

function newJobOf(input: DeployInput, checked: CheckedInput, provider: Provider): NewJob {
  checkRecipe(input.recipe, provider);
  const config = input.config ?? {};
  const size = JSON.stringify(config).length;
  if (size > maxConfigChars) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `input.config is ${size} characters of JSON; at most ${maxConfigChars} are allowed. Put large data into a file that the job reads.`,
    );
  }
  checkConfig(
    config,
    provider.recipeFacts?.().find(({ name }) => name === input.recipe),
  );
  const word = kindWord(provider);
  const { [word]: options = {}, ...others } = input.options ?? {};
  for (const other of Object.keys(others)) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `input.${other} is for providers of the kind ${other.toUpperCase()}; ${provider.name} is ${provider.kind}.`,
    );
  }
  const { name, modelName, datasetPath, idempotencyKey, tags, note } = checked;
  const job: NewJob = {
    id: newJobId(),
    name: name ?? `${modelName} (${input.recipe})`,
    provider: provider.name,
    providerKind: provider.kind,
    createdBy: input.createdBy ?? null,
    rerunOf: input.rerunOf ?? null,
    recipe: input.recipe,
    modelName,
    datasetPath: datasetPath ?? null,
    config,
    options,
    idempotencyKey: idempotencyKey ?? null,
    tags: tags ?? [],
    note: note || null,
  };
  return job;
}

/** While a provider could not be asked for its recipes yet, a job with any recipe is accepted and kept for it. */
function checkRecipe(recipe: string, provider: Provider): void {
  const recipes = provider.recipes();
  if (recipes.includes(recipe) || provider.hasRecipe?.(recipe) || provider.recipesUnknown) return;
  const meant = nearest(recipe, recipes);
  const guess = meant === null ? '' : ` Is it ${quote(meant)}?`;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `The provider ${provider.name} has no recipe ${quote(recipe)}.${guess} It has: ${recipes.join(', ') || 'none'}. Recipes are set in the trainyard.config.json of the server that runs them, which reads it when it starts.`,
  );
}

function checkConfig(config: JsonObject, recipe: RecipeFacts | undefined): void {
  if (!recipe?.configSchema) return;
  const fault = configFault({ ...recipe.defaults, ...config }, recipe.configSchema);
  if (fault === null) return;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `input.${fault}. The recipe ${quote(recipe.name)} says so in its configSchema.`,
  );
}

function rejected(job: Job): TrainyardError {
  const why = job.failure?.message ?? 'no reason was given';
  return new TrainyardError(
    'PROVIDER_REJECTED',
    `The provider ${job.provider} refused the job: ${why}`,
    { details: { jobId: job.id } },
  );
}
