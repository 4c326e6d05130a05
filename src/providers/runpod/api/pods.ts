import { Deadline } from '../../http/deadline.ts';
import type { RunPodApi } from './api.ts';
import type { Pod } from './wire.ts';

/** The pods of an account at one moment. */
export interface PodList {
  pods: ReadonlyMap<string, Pod>;
  /** Milliseconds since 1970, by RunPod's clock. */
  at: number;
}

/**
 * The account's pods, from one list that all jobs share. Callers at the same time share one call, and `look` reuses
 * its answer for `freshMs`.
 */
export class Pods {
  readonly #api: RunPodApi;
  readonly #freshMs: number;
  readonly #closing = new AbortController();
  #asking: Promise<PodList> | null = null;
  #known: { list: PodList; since: number } | null = null;

  constructor(api: RunPodApi, options: { freshMs: number }) {
    this.#api = api;
    this.#freshMs = options.freshMs;
  }

  /** Lists all pods, or waits for the call that is already doing so. */
  async list(signal: AbortSignal): Promise<PodList> {
    using deadline = new Deadline(signal);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return await deadline.race(this.#asking);
  }

  /** One pod as it was at most `freshMs` ago; null where RunPod does not have it. */
  async look(podId: string, signal: AbortSignal): Promise<Pod | null> {
    const isFresh = this.#known && performance.now() - this.#known.since < this.#freshMs;
    const list = isFresh && this.#known ? this.#known.list : await this.list(signal);
    return await this.find(list, podId, signal);
  }

  /** One pod of a list; null where RunPod does not have it. RunPod is asked for a pod that is not on the list. */
  async find(list: PodList, podId: string, signal: AbortSignal): Promise<Pod | null> {
    const pod = list.pods.get(podId) ?? (await this.#api.get('status', podId, signal));
    return pod?.status === 'TERMINATED' ? null : pod;
  }

  /** The pod as it was on the last list; null where it was not on it. */
  last(podId: string): Pod | null {
    return this.#known?.list.pods.get(podId) ?? null;
  }

  close(): void {
    this.#closing.abort();
  }

  async #ask(): Promise<PodList> {
    const { pods, at } = await this.#api.list('status', this.#closing.signal);
    const list = { pods: new Map(pods.map((pod) => [pod.id, pod])), at };
    this.#known = { list, since: performance.now() };
    return list;
  }
}
