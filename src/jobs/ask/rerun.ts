import { TrainyardError } from '../../core/errors.ts';
import type { Job, JsonObject } from '../../core/job.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { quote } from '../../lib/text/quote.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Deploy, DeployInput } from './deploy.ts';

/** What is to be different from the job before; whatever is absent stays. */
export type RerunInput = Pick<
  DeployInput,
  'name' | 'config' | 'options' | 'idempotencyKey' | 'tags' | 'note' | 'createdBy'
> & { modelName?: string | null; datasetPath?: string | null };

/** Deploys jobs again. */
export class Rerun {
  readonly #changes: JobChanges;
  readonly #deploy: Deploy;

  constructor(options: { changes: JobChanges; deploy: Deploy }) {
    this.#changes = options.changes;
    this.#deploy = options.deploy;
  }

  /**
   * Deploys a job once more, with its provider, recipe, model, data set, config, options and tags, each key of `config`
   * and of the options replaced by the one that is given. The values of its environment variables are used while they
   * are kept, which is until its provider has accepted it; after that, they must be given again, and it rejects with
   * `BAD_USER_INPUT`, which names them, where they are not. Other errors: `NOT_FOUND`, and those of a deploy.
   */
  async run(jobId: string, input: RerunInput): Promise<Job> {
    const { idempotencyKey } = input;
    const { store } = this.#changes;
    // As for a deploy: the same key gives the same job, even if the one before is gone by now.
    const known = idempotencyKey ? await store.findByKey(idempotencyKey) : null;
    if (known) return known;
    const job = await store.get(jobId);
    if (!job) throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
    return this.#deploy.run({
      ...input,
      provider: job.provider,
      recipe: job.recipe,
      name: input.name ?? job.name,
      modelName: input.modelName ?? job.modelName,
      datasetPath: input.datasetPath ?? job.datasetPath,
      config: { ...job.config, ...input.config },
      tags: input.tags ?? job.tags,
      options: optionsOf(job, input.options),
      rerunOf: job.id,
    });
  }
}

/** The options of both, by the word of the job's kind. Those for other kinds are left for the deploy to refuse. */
function optionsOf(job: Job, given: DeployInput['options'] = {}): Record<string, JsonObject> {
  if (job.providerKind === null) return given;
  const word = kindWord({ kind: job.providerKind });
  const { env: before, envNames, place: _, ...options } = job.options;
  const now = present(given[word] ?? {});
  const env = merged(variables(before), variables(now.env));
  const names = Array.isArray(envNames) ? envNames.map(String) : [];
  const lost = names.filter((name) => !env.some((variable) => variable.name === name));
  if (lost.length > 0) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `The job ${job.id} had environment variables whose values are no longer kept: ${lost.join(', ')}. Give them in input.${word}.env.`,
    );
  }
  const all = { ...options, ...now, ...(env.length > 0 ? { env } : {}) };
  return Object.keys(all).length === 0 ? given : { ...given, [word]: all };
}

interface Variable extends JsonObject {
  name: string;
  value: string;
}

function variables(env: unknown): Variable[] {
  return Array.isArray(env) ? env : [];
}

function merged(before: readonly Variable[], now: readonly Variable[]): Variable[] {
  const all = [...before, ...now].map((variable) => [variable.name, variable] as const);
  return [...new Map(all).values()];
}

/** Without the options that are null, which say nothing. */
function present(options: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}
