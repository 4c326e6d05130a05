import type { ZodType } from 'zod';
import { codeOf, TrainyardError } from '../../../core/errors.ts';
import type { Answer } from '../../http/answer.ts';
import { type Call, HttpConnection, type Timeouts } from '../../http/connection.ts';
import { refusalOf } from './answer.ts';
import { type Asker, accounts, Pace } from './pace.ts';
import { type Pod, pod, podList } from './wire.ts';

export interface ApiOptions {
  provider: string;
  url: string;
  apiKey: string;
  /** The setting that holds the key, such as `RUNPOD_API_KEY`; error messages name it. */
  keyName: string;
  timeouts: Timeouts;
  /** From the call that creates a pod to the answer's headers, in milliseconds. */
  createMs: number;
}

/** Where a log stream is to begin. */
export type LogStart = { lastEventId: string } | { since: string; tail: number } | { tail: number };

interface PodCall extends Call {
  /** The values of the caller's variables in the call, which must not be shown in error messages. */
  values?: readonly string[];
}

/** The timeout of a health check: longer than a failed connection takes, and short because callers wait for it. */
const healthMs = 4500;
/** The most pages of pods. A page has a thousand pods, and no real account has more than 50 pages. */
const maxPages = 50;

/**
 * The calls of RunPod's REST API v2 that Trainyard makes, one method each. They keep the `Pace` of the
 * account, which all providers with this key share. Every failure is a
 * `TrainyardError` that names the provider; see `refusalOf`.
 */
export class RunPodApi {
  readonly #options: ApiOptions;
  readonly #connection: HttpConnection;
  readonly #account: ReturnType<typeof accounts.open>;
  readonly #pace: Pace;

  constructor(options: ApiOptions) {
    const { provider, url, apiKey, timeouts } = options;
    this.#options = options;
    this.#account = accounts.open(`${url.replace(/\/+$/, '')} ${apiKey}`);
    this.#pace = new Pace(provider, this.#account.value);
    this.#connection = new HttpConnection({
      url,
      apiKey,
      timeouts,
      broken: (task, reason, cause) => this.broken(task, reason, cause),
      help: 'check the network, and RUNPOD_API_URL if you have set it',
    });
  }

  /** All pods of the account, newest first, and RunPod's time of the list. Throws where there are over 50 pages. */
  async list(asker: Asker, signal: AbortSignal): Promise<{ pods: Pod[]; at: number }> {
    const task = 'list its pods';
    const pods = new Map<string, Pod>();
    let at: number | null = null;
    let path = '/v2/pods';
    for (let page = 1; page <= maxPages; page += 1) {
      const call = { task, path, signal };
      const answer = await this.#ask(asker, call);
      at ??= Date.parse(String(answer.headers.date)) || Date.now();
      const list = this.#parse(answer, call, podList);
      // A pod that is created meanwhile moves the others on, so one may come on two pages.
      for (const pod of list.pods) pods.set(pod.id, pod);
      const cursor = list.pagination?.nextCursor;
      if (!cursor) return { pods: [...pods.values()], at };
      path = `/v2/pods?${new URLSearchParams({ cursor })}`;
    }
    throw this.broken(task, `the account has more pods than fill ${maxPages} pages`);
  }

  /** Makes one quick call that shows whether RunPod can be reached and accepts the key. Rejects where not. */
  async ping(signal: AbortSignal): Promise<void> {
    const call = { task: 'check its health', path: '/v2/pods', headersMs: healthMs, signal };
    this.#parse(await this.#ask('caller', call), call, podList);
  }

  /** One pod; null where RunPod has none of this id. */
  async get(asker: Asker, podId: string, signal: AbortSignal): Promise<Pod | null> {
    const call = { task: `read the state of pod ${podId}`, path: pathOf(podId), signal };
    try {
      return this.#parse(await this.#ask(asker, call), call, pod);
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return null;
      throw error;
    }
  }

  /**
   * Creates a pod. `values` are hidden in error messages. After `PROVIDER_UNAVAILABLE` it is not known whether the pod
   * was created.
   */
  async create(
    { task, body, values }: { task: string; body: object; values: readonly string[] },
    signal: AbortSignal,
  ): Promise<Pod> {
    const { createMs: patienceMs } = this.#options;
    const path = '/v2/pods';
    const call: PodCall = { task, method: 'POST', path, json: body, values, patienceMs, signal };
    return this.#parse(await this.#ask('caller', call), call, pod);
  }

  /** Asks the pod's container to end. Throws `PROVIDER_REJECTED` where the pod's state does not allow that. */
  async stop(podId: string, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(podId)}/action`;
    const json = { action: 'stop' };
    await this.#ask('caller', { task: `stop pod ${podId}`, method: 'POST', path, json, signal });
  }

  /** Ends a pod for good; false where RunPod has no pod of this id. */
  async terminate(podId: string, signal: AbortSignal): Promise<boolean> {
    const task = `terminate pod ${podId}`;
    try {
      await this.#ask('caller', { task, method: 'DELETE', path: pathOf(podId), signal });
      return true;
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return false;
      throw error;
    }
  }

  /** The event stream of a pod's log, which the caller must read at once. */
  async log(podId: string, start: LogStart, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    // RunPod may answer only when there is a line to send.
    const { silenceMs: patienceMs } = this.#options.timeouts;
    const call: Call = { task: logTask(podId), path: `${pathOf(podId)}/logs`, patienceMs, signal };
    if ('lastEventId' in start) call.headers = { 'last-event-id': start.lastEventId };
    else call.path += `?${new URLSearchParams(Object.entries(start).map(([k, v]) => [k, `${v}`]))}`;
    await this.#pace.take('log', call.task, signal);
    const opened = await this.#connection.stream(call);
    if ('chunks' in opened) return opened.chunks;
    this.#check(opened.answer, call);
    throw this.broken(call.task, 'its answer is no event stream');
  }

  /** The error for a log that came garbled and may come whole another time: `PROVIDER_UNAVAILABLE`. */
  brokenLog(podId: string, reason: string, cause?: unknown): TrainyardError {
    return this.broken(logTask(podId), reason, cause);
  }

  /** The error for a call that failed and may succeed another time: `PROVIDER_UNAVAILABLE`. */
  broken(task: string, reason: string, cause?: unknown): TrainyardError {
    const message = `Provider ${this.#options.provider} could not ${task}: ${reason}`;
    return new TrainyardError('PROVIDER_UNAVAILABLE', message, { cause });
  }

  /** Ends every call that is under way. Closing twice is fine. */
  async close(): Promise<void> {
    this.#account.close();
    await this.#connection.close();
  }

  async #ask(asker: Asker, call: PodCall): Promise<Answer> {
    await this.#pace.take(asker, call.task, call.signal);
    const answer = await this.#connection.ask(call);
    this.#check(answer, call);
    return answer;
  }

  #check(answer: Answer, { task, values = [] }: PodCall): void {
    const { provider, apiKey, keyName } = this.#options;
    this.#pace.heed(answer);
    const refusal = refusalOf(answer, { provider, task, secret: apiKey, keyName, values });
    if (refusal?.code === 'RATE_LIMITED') this.#pace.quiet(refusal.retryAfterMs ?? 0);
    if (refusal !== null) throw refusal;
  }

  #parse<T>(answer: Answer, { task }: Call, schema: ZodType<T>): T {
    const parsed = schema.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw this.broken(task, 'its answer is not what RunPod says', parsed.error);
  }
}

function pathOf(podId: string): string {
  return `/v2/pods/${encodeURIComponent(podId)}`;
}

function logTask(podId: string): string {
  return `read the log of pod ${podId}`;
}
