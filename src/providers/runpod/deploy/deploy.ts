import path from 'node:path';
import { codeOf, TrainyardError } from '../../../core/errors.ts';
import type { Job, NewJob } from '../../../core/job.ts';
import { recent } from '../../../lib/recent.ts';
import type { RunPodApi } from '../api/api.ts';
import { consoleUrlOf, type Pod } from '../api/wire.ts';
import type { PodRecipe } from '../settings.ts';
import { checkBodySize } from './body-size.ts';
import { packFiles } from './files.ts';
import { type Candidate, candidatesOf, Placement } from './placement.ts';
import { type PodRequest, podNameOf, podRequest } from './request.ts';
import { type PodSettings, settingsOf } from './settings.ts';
import { environmentOf, readWrapper } from './wrapper.ts';

export interface DeployOptions {
  api: RunPodApi;
  recipes: Readonly<Record<string, PodRecipe>>;
  /** The folder where relative paths of recipes start. */
  recipeBase: string;
  graceSeconds: number;
  /** The address at which pods reach RunPod's API. */
  apiUrl: string;
  /** How long a new pod may take to appear in the list of pods, if the answer to its creation was lost. */
  settleMs: number;
}

interface Plan {
  settings: PodSettings;
  requestOf(candidate: Candidate): PodRequest;
}

/** Creates pods for jobs. */
export class PodDeploy {
  readonly #options: DeployOptions;
  readonly #wrapper = readWrapper();
  /** The placements of deploys that have not succeeded yet, by job. */
  readonly #placements = recent<Placement>();

  constructor(options: DeployOptions) {
    this.#options = options;
  }

  /** Rejects with `BAD_USER_INPUT` where no pod could ever be created for this job. */
  async check(job: NewJob): Promise<void> {
    await this.#plan(job);
  }

  /** Resolves to the job's pod, and creates it where there is none. `Placement` chooses where. */
  async run(job: Job, signal: AbortSignal): Promise<{ externalId: string; consoleUrl: string }> {
    const podId = (await this.find(job, signal)) ?? (await this.#create(job, signal));
    this.#placements.delete(job.id);
    return { externalId: podId, consoleUrl: consoleUrlOf(podId) };
  }

  /** The id of the job's pod, the oldest where there are several; null where there is none. */
  async find(job: Job, signal: AbortSignal): Promise<string | null> {
    const { pods } = await this.#options.api.list('caller', signal);
    const name = podNameOf(job.id);
    const own = pods.filter((pod) => pod.name === name && pod.status !== 'TERMINATED');
    own.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
    return own[0]?.id ?? null;
  }

  async #create(job: Job, signal: AbortSignal): Promise<string> {
    const { api } = this.#options;
    const { settings, requestOf } = await this.#plan(job);
    const task = `deploy job ${job.id}`;
    const values = Object.values(settings.env);
    try {
      const pod = await this.#placement(job, settings).find<Pod>((candidate) => {
        return api.create({ task, body: requestOf(candidate), values }, signal);
      });
      return pod.id;
    } catch (error) {
      if (codeOf(error) === 'PROVIDER_REJECTED') this.#placements.delete(job.id);
      throw this.#settling(error);
    }
  }

  /** Delays the next try, which looks for the pod first, until a pod that was created has had time to appear. */
  #settling(error: unknown): unknown {
    if (!(error instanceof TrainyardError) || error.code !== 'PROVIDER_UNAVAILABLE') return error;
    const { code, message, cause, details, retryAfterMs = 0 } = error;
    const least = Math.max(retryAfterMs, this.#options.settleMs);
    return new TrainyardError(code, message, { cause, details, retryAfterMs: least });
  }

  #placement(job: Job, settings: PodSettings): Placement {
    const known = this.#placements.get(job.id);
    if (known) return known;
    const placement = new Placement(`deploy job ${job.id}`, candidatesOf(settings));
    this.#placements.set(job.id, placement);
    return placement;
  }

  /** The settings of the job's pod, and the request that creates it at a candidate. Throws `BAD_USER_INPUT`. */
  async #plan(job: NewJob): Promise<Plan> {
    const { recipeBase, graceSeconds, apiUrl } = this.#options;
    const recipe = this.#recipe(job);
    const settings = settingsOf(job.options, job.recipe, recipe);
    const files = recipe.files
      ? await packFiles(path.resolve(recipeBase, recipe.cwd ?? '.'), recipe.files)
      : null;
    const env = environmentOf(job, this.#wrapper, { recipe, files, graceSeconds, apiUrl });
    const requestOf = (candidate: Candidate) => podRequest(job.id, { settings, candidate, env });
    for (const candidate of candidatesOf(settings)) checkBodySize(requestOf(candidate));
    return { settings, requestOf };
  }

  #recipe({ recipe }: NewJob): PodRecipe {
    const { recipes } = this.#options;
    const found = Object.hasOwn(recipes, recipe) ? recipes[recipe] : undefined;
    if (found) return found;
    throw new TrainyardError('BAD_USER_INPUT', `The recipe ${recipe} is not configured any more.`);
  }
}
