import type { ZodType } from 'zod';
import { codeOf, TrainyardError } from '../../../core/errors.ts';
import type { Answer } from '../../http/answer.ts';
import { type Call, HttpConnection, type Timeouts } from '../../http/connection.ts';
import { refusalOf } from './answer.ts';
import { type Asker, Pace } from './pace.ts';
import { type Pod, pod, podList } from './wire.ts';

export interface ApiOptions {
  provider: string;
  url: string;
  apiKey: string;
  /** Where the key comes from, such as `RUNPOD_API_KEY`: for whoever has to mend it. */
  keyName: string;
  timeouts: Timeouts;
}

/** Where a log stream is to begin. */
export type LogStart = { lastEventId: string } | { since: string; tail: number } | { tail: number };

interface PodCall extends Call {
  /** The caller's values in it: nobody shall read them in the answer. */
  values?: readonly string[];
}

/** Longer than it takes to find out that nobody can be reached; whoever asks for health waits. */
const healthMs = 4500;

/**
 * The calls of RunPod's REST API v2 that Trainyard makes, one method each, paced together. Every
 * failure is a `TrainyardError` that names the provider: see `refusalOf`.
 */
export class RunPodApi {
  readonly #options: ApiOptions;
  readonly #connection: HttpConnection;
  readonly #pace: Pace;

  constructor(options: ApiOptions) {
    const { provider, url, apiKey, timeouts } = options;
    this.#options = options;
    this.#pace = new Pace(provider);
    this.#connection = new HttpConnection({
      url,
      apiKey,
      timeouts,
      broken: (task, reason, cause) => this.broken(task, reason, cause),
      help: 'check the network, and RUNPOD_API_URL if you have set it',
    });
  }

  /** All pods of the account, and RunPod's time for it. */
  async list(
    options: { asker: Asker; health?: boolean },
    signal: AbortSignal,
  ): Promise<{ pods: Pod[]; at: number }> {
    const task = options.health ? 'check its health' : 'list its pods';
    const call = { task, path: '/v2/pods', signal, ...(options.health && { headersMs: healthMs }) };
    const answer = await this.#ask(options.asker, call);
    const { pods } = this.#parse(answer, call, podList);
    return { pods, at: Date.parse(String(answer.headers.date)) || Date.now() };
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

  /** Creates a pod; `values` are hidden in RunPod's words. After `PROVIDER_UNAVAILABLE` nobody knows whether there is one. */
  async create(
    { task, body, values }: { task: string; body: object; values: readonly string[] },
    signal: AbortSignal,
  ): Promise<Pod> {
    const call: PodCall = { task, method: 'POST', path: '/v2/pods', json: body, values, signal };
    return this.#parse(await this.#ask('caller', call), call, pod);
  }

  /** Asks the container to end; `PROVIDER_REJECTED` where the pod is in no state to. */
  async stop(podId: string, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(podId)}/action`;
    const json = { action: 'stop' };
    await this.#ask('caller', { task: `stop pod ${podId}`, method: 'POST', path, json, signal });
  }

  /** Ends a pod for ever. False where RunPod has none of this id. */
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

  /** The event stream of a pod's log, to be read at once. */
  async log(podId: string, start: LogStart, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const call: Call = { task: logTask(podId), path: `${pathOf(podId)}/logs`, signal };
    if ('lastEventId' in start) call.headers = { 'last-event-id': start.lastEventId };
    else call.path += `?${new URLSearchParams(Object.entries(start).map(([k, v]) => [k, `${v}`]))}`;
    await this.#pace.take('log', call.task, signal);
    const opened = await this.#connection.stream(call);
    if ('chunks' in opened) return opened.chunks;
    this.#check(opened.answer, call);
    throw this.broken(call.task, 'its answer is no event stream');
  }

  /** The error for a log that came garbled and may come whole another time. */
  brokenLog(podId: string, reason: string, cause?: unknown): TrainyardError {
    return this.broken(logTask(podId), reason, cause);
  }

  /** The error for an exchange that went wrong and may go right another time. */
  broken(task: string, reason: string, cause?: unknown): TrainyardError {
    const message = `Provider ${this.#options.provider} could not ${task}: ${reason}`;
    return new TrainyardError('PROVIDER_UNAVAILABLE', message, { cause });
  }

  /** Ends every call that is under way. Closing twice is fine. */
  async close(): Promise<void> {
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
