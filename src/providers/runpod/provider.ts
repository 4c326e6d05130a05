import { codeOf, TrainyardError } from '../../core/errors.ts';
import type { Job, NewJob } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type {
  JobRef,
  LogBatch,
  ProviderHealth,
  ProviderState,
  StatusReport,
} from '../../core/provider.ts';
import type { OpenedProvider } from '../../core/provider-kind.ts';
import { type RecipeFacts, recipeFacts } from '../../core/recipe.ts';
import { recent } from '../../lib/recent.ts';
import { RunPodApi } from './api/api.ts';
import { Pods } from './api/pods.ts';
import { hasEnded, type Pod, stateOf } from './api/wire.ts';
import { PodDeploy } from './deploy/deploy.ts';
import { jobIdIn } from './deploy/request.ts';
import { checkHealth } from './health.ts';
import { DrainDeadlines } from './log/drain-deadline.ts';
import { followPod, type PodLog } from './log/follow.ts';
import { LogAvailability } from './log/log-availability.ts';
import { noticeOf } from './log/notice.ts';
import type { PodRecipe } from './settings.ts';
import { type RunPodTimes, usualTimes } from './times.ts';

export interface RunPodProviderOptions {
  name: string;
  /** The address of RunPod's API. */
  url: string;
  apiKey: string;
  /** The setting that holds the key, such as `RUNPOD_API_KEY`; error messages name it. */
  keyName: string;
  recipes: Readonly<Record<string, PodRecipe>>;
  /** The folder where relative paths of recipes start. */
  recipeBase: string;
  /** Milliseconds between two lists of the account's pods; 5000 by default. */
  pollMs?: number;
  /** How long a pod waits after its training for Trainyard to terminate it, before it ends itself; 600 by default. */
  graceSeconds?: number;
  times?: Partial<RunPodTimes>;
}

export interface RunPodProvider extends OpenedProvider {
  check(job: NewJob): Promise<void>;
  held(signal: AbortSignal): Promise<JobRef[]>;
  release(ref: JobRef, signal: AbortSignal): Promise<void>;
}

/** Opens a provider for one RunPod account (REST API v2). Each job has a pod, which is terminated after the job. */
export function openRunPodProvider(options: RunPodProviderOptions): RunPodProvider {
  return new PodProvider(options);
}

class PodProvider implements RunPodProvider {
  readonly name: string;
  readonly kind = 'RUNPOD';
  readonly pollMs: number;
  readonly #options: RunPodProviderOptions;
  readonly #times: RunPodTimes;
  readonly #api: RunPodApi;
  readonly #pods: Pods;
  readonly #deploy: PodDeploy;
  readonly #availability: LogAvailability;
  readonly #drainDeadlines: DrainDeadlines;
  readonly #stopped = recent<true>();
  readonly #terminated = recent<true>();

  constructor(options: RunPodProviderOptions) {
    const { name, url, apiKey, keyName, recipes, recipeBase, graceSeconds = 600 } = options;
    const times = { ...usualTimes, ...options.times };
    const { headersMs, createMs, bodyMs, silenceMs, settleMs, emptyMs, drainMs } = times;
    this.name = name;
    this.pollMs = options.pollMs ?? 5000;
    this.#options = options;
    this.#times = times;
    const timeouts = { headersMs, bodyMs, silenceMs };
    this.#api = new RunPodApi({ provider: name, url, apiKey, keyName, timeouts, createMs });
    this.#pods = new Pods(this.#api, { freshMs: 2 * this.pollMs });
    this.#availability = new LogAvailability({ emptyMs });
    this.#drainDeadlines = new DrainDeadlines({ drainMs });
    const apiUrl = url.replace(/\/+$/, '');
    const deploy = { api: this.#api, recipes, recipeBase, graceSeconds, apiUrl, settleMs };
    this.#deploy = new PodDeploy(deploy);
  }

  recipeFacts(): readonly RecipeFacts[] {
    return recipeFacts(this.#options.recipes);
  }

  recipes(): readonly string[] {
    const named = Object.entries(this.#options.recipes);
    return named.flatMap(([name, { image }]) => (image === undefined ? [] : name));
  }

  hasRecipe(recipe: string): boolean {
    return Object.hasOwn(this.#options.recipes, recipe);
  }

  async check(job: NewJob): Promise<void> {
    await this.#deploy.check(job);
  }

  deploy(job: Job, signal: AbortSignal): Promise<{ externalId: string; consoleUrl: string }> {
    return this.#deploy.run(job, signal);
  }

  find(job: Job, signal: AbortSignal): Promise<string | null> {
    return this.#deploy.find(job, signal);
  }

  async *status(refs: readonly JobRef[], signal: AbortSignal): AsyncGenerator<StatusReport, void> {
    if (signal.aborted) return;
    const list = await this.#pods.list(signal);
    for (const ref of refs) {
      const { jobId } = ref;
      if (this.#terminated.has(ref.externalId)) {
        yield { jobId, state: terminatedState };
        continue;
      }
      try {
        const pod = await this.#pods.find(list, ref.externalId, signal);
        if (pod) yield { jobId, state: stateOf(pod, list.at) };
        else yield { jobId, error: this.#gone(ref) };
      } catch (error) {
        yield { jobId, error };
      }
    }
  }

  /**
   * Without force, a running container is stopped, and its pod stays until its last lines are read. A pod whose
   * container has ended is terminated only by force, because its log may still say how the training ended.
   */
  async cancel(ref: JobRef, options: { force: boolean }, signal: AbortSignal): Promise<boolean> {
    const pod = await this.#api.get('caller', ref.externalId, signal);
    if (pod === null && this.#terminated.has(ref.externalId)) return false;
    if (pod === null) throw this.#gone(ref);
    if (pod.status === 'TERMINATED' || (hasEnded(pod) && !options.force)) return false;
    if (!options.force && pod.status === 'RUNNING' && (await this.#stop(pod, signal))) return true;
    await this.#terminate(pod.id, signal);
    return true;
  }

  async *followLogs(
    ref: JobRef,
    cursor: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogBatch, void> {
    try {
      const { quietMs, preparingMs } = this.#times;
      const log = this.#log(ref, signal);
      const times = { quietMs, preparingMs };
      for await (const batch of followPod(log, cursor, { signal, times })) {
        const end = batch.ended?.state;
        // The last lines of a container that was stopped may arrive before RunPod's answer to the stop.
        const isStopped = end && this.#stopped.has(ref.externalId);
        yield isStopped ? { ...batch, ended: { state: { ...end, status: 'CANCELLED' } } } : batch;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  logNotice({ id, externalId }: Job): LogNotice | null {
    const trouble = this.#availability.of(id);
    if (externalId === null || trouble === null) return null;
    return noticeOf({ jobId: id, podId: externalId }, trouble, this.#pods.last(externalId));
  }

  async held(signal: AbortSignal): Promise<JobRef[]> {
    const { pods } = await this.#pods.list(signal);
    return [...pods.values()].flatMap(({ id, name }) => {
      const jobId = jobIdIn(name);
      return jobId === null ? [] : { jobId, externalId: id };
    });
  }

  async release({ externalId }: JobRef, signal: AbortSignal): Promise<void> {
    await this.#terminate(externalId, signal);
  }

  health(signal: AbortSignal): Promise<ProviderHealth> {
    return checkHealth(this.#api, signal);
  }

  async close(): Promise<void> {
    this.#pods.close();
    await this.#api.close();
  }

  /** Stops the pod's container; false where that cannot be done, such as for a locked pod. */
  async #stop(pod: Pod, signal: AbortSignal): Promise<boolean> {
    if (!pod.actions.includes('stop')) return false;
    this.#stopped.set(pod.id, true);
    try {
      await this.#api.stop(pod.id, signal);
      return true;
    } catch (error) {
      this.#stopped.delete(pod.id);
      if (codeOf(error) === 'PROVIDER_REJECTED') return false;
      throw error;
    }
  }

  async #terminate(podId: string, signal: AbortSignal): Promise<void> {
    await this.#api.terminate(podId, signal);
    this.#terminated.set(podId, true);
  }

  #log(ref: JobRef, signal: AbortSignal): PodLog {
    const { jobId, externalId } = ref;
    return {
      jobId,
      pod: async () => {
        const pod = await this.#pods.look(externalId, signal);
        if (pod !== null && !this.#terminated.has(externalId)) return pod;
        if (!this.#terminated.has(externalId)) this.#availability.gone(jobId);
        throw this.#gone(ref);
      },
      open: (start, either) => this.#api.log(externalId, start, either),
      isHopeless: () => this.#drainDeadlines.isHopeless(jobId),
      goesOn: () => this.#drainDeadlines.goesOn(jobId),
      refused: (error) => this.#availability.refused(jobId, error),
      had: (pod, { empty }) => this.#availability.had(jobId, pod, { empty }),
      broken: (reason, cause) => this.#api.brokenLog(externalId, reason, cause),
    };
  }

  #gone({ jobId, externalId }: JobRef): TrainyardError {
    const message = `RunPod no longer has the pod ${externalId} of job ${jobId}`;
    return new TrainyardError('NOT_FOUND', message);
  }
}

/** The state of a pod that Trainyard has terminated. What RunPod reports about it afterwards no longer counts. */
const terminatedState: ProviderState = { status: 'CANCELLED', providerStatus: 'TERMINATED' };
