import { codeOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JsonObject, type NewJob } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type {
  JobRef,
  LogBatch,
  ProviderHealth,
  ProviderState,
  StatusReport,
} from '../../core/provider.ts';
import type { OpenedProvider } from '../../core/provider-kind.ts';
import { recent } from '../../lib/recent.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { type Identity, TrainingServerApi } from './api/api.ts';
import { TrainingClient } from './api/client.ts';
import { stateOf } from './api/wire.ts';
import { asCompleted } from './completed.ts';
import { foreignConfig } from './foreign-config.ts';
import { checkHealth } from './health.ts';
import { positionOf } from './log/cursor.ts';
import { refusedNotice, SaidNotices, unknownJobNotice, unreachableNotice } from './log/notice.ts';
import { followPages } from './log/poll.ts';
import { type EndNotice, followStream } from './log/stream.ts';

export interface LocalProviderOptions {
  name: string;
  /** Where the training server is; a path in it is kept. */
  url: string;
  /** Where the address stands, such as `TRAINING_SERVER_URL`, and the key: for whoever has to mend them. */
  urlName?: string | undefined;
  apiKey: string | null;
  keyName?: string | undefined;
  /** What callers may choose; null: what the server's health check names, else `default`. */
  recipes: readonly string[] | Readonly<Record<string, { defaults: JsonObject }>> | null;
  /** What a server without recipes of its own gets for a recipe of which `recipes` says nothing. */
  defaultsOf?: (recipe: string) => JsonObject;
  /** What the existing servers demand with every job. */
  identity?: Identity;
  /** Where that is, in words; the address where nothing is said. */
  place?: string;
  /** Milliseconds between two status calls for a live job. */
  pollMs?: number;
  /** How long to wait for headers, for the rest of an answer, and for a sign of life in a stream. */
  timeouts?: { headersMs?: number; bodyMs?: number; silenceMs?: number };
  logger?: Logger;
}

/** Jobs on a training server of one's own, over its HTTP contract and the dialects of it. */
export function openLocalProvider(options: LocalProviderOptions): OpenedProvider {
  return new TrainingServerProvider(options);
}

/** Keys of a config by which the contract itself tells something, and the fields of a deploy that say it. */
const ownWords = { recipe: 'recipe', model_name: 'modelName' } as const;

/** So many status calls are under way at most: one that hangs holds up nobody else's. */
const statusCallsAtOnce = 16;

class TrainingServerProvider implements OpenedProvider {
  readonly name: string;
  readonly kind = 'LOCAL';
  readonly place: string;
  readonly pollMs: number;
  readonly #server: TrainingServerApi;
  readonly #logger: Logger | undefined;
  readonly #configured: readonly string[] | null;
  readonly #defaultsOf: (recipe: string) => JsonObject;
  /** Jobs that the server does not know. */
  readonly #unknown = recent<true>();
  readonly #said = new SaidNotices();
  #served: readonly string[] | null = null;
  #hasAnswered = false;
  /** Whether it is Trainyard's own training server, which names its recipes; null while it has not said. */
  #isOwn: boolean | null = null;
  #health: ProviderHealth | null = null;

  constructor(options: LocalProviderOptions) {
    const { name, url, urlName, apiKey, keyName, timeouts = {} } = options;
    const { headersMs = 10_000, bodyMs = 30_000, silenceMs = 45_000 } = timeouts;
    this.name = name;
    const { origin, pathname } = new URL(url);
    this.place = options.place ?? `${origin}${pathname}`.replace(/\/$/, '');
    this.pollMs = options.pollMs ?? 1000;
    const { recipes, defaultsOf = () => ({}) } = options;
    const named = recipes === null || isList(recipes) ? {} : recipes;
    this.#configured = recipes === null || isList(recipes) ? recipes : Object.keys(recipes);
    this.#defaultsOf = (recipe) => named[recipe]?.defaults ?? defaultsOf(recipe);
    this.#logger = options.logger;
    this.#server = new TrainingServerApi(
      new TrainingClient({
        provider: name,
        url,
        urlName,
        apiKey,
        keyName,
        timeouts: { headersMs, bodyMs, silenceMs },
      }),
      options.identity,
    );
  }

  recipes(): readonly string[] {
    return this.#configured ?? this.#served ?? ['default'];
  }

  get recipesUnknown(): boolean {
    return this.#configured === null && !this.#hasAnswered;
  }

  check({ config }: NewJob): void {
    if (this.#isOwn === false) return;
    for (const [key, field] of Object.entries(ownWords)) {
      if (!Object.hasOwn(config, key)) continue;
      const message = `config.${key}: a training server is told the job's ${field} under this name, so this value would not arrive. Say it as input.${field}, or give the setting another name.`;
      throw new TrainyardError('BAD_USER_INPUT', message);
    }
  }

  async deploy(job: Job, signal: AbortSignal): Promise<{ externalId: string }> {
    // The existing servers run an id once more when they are asked once more.
    const known = await this.find(job, signal);
    return { externalId: known ?? (await this.#execute(job, signal)) };
  }

  async #execute(job: Job, signal: AbortSignal): Promise<string> {
    if (this.#isOwn === null) await this.health(signal);
    if (this.#isOwn !== false) return await this.#server.execute(job, jobConfig(job), signal);
    const defaults = this.#defaultsOf(job.recipe);
    return await this.#server.execute(job, foreignConfig(job, defaults), signal);
  }

  async find(job: Job, signal: AbortSignal): Promise<string | null> {
    const externalId = job.externalId ?? job.id;
    try {
      const answer = await this.#server.status({ jobId: job.id, externalId }, signal);
      return answer.job_id ?? externalId;
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return null;
      throw error;
    }
  }

  async *status(refs: readonly JobRef[], signal: AbortSignal): AsyncGenerator<StatusReport, void> {
    const left = new AbortController();
    const either = AbortSignal.any([signal, left.signal]);
    const reports = asCompleted(refs, statusCallsAtOnce, (ref) => this.#report(ref, either));
    try {
      for await (const report of reports) {
        if (signal.aborted) return;
        yield report;
      }
    } finally {
      left.abort();
    }
  }

  async cancel(ref: JobRef, options: { force: boolean }, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#server.cancel(ref, options, signal);
      return true;
    } catch (error) {
      if (!(error instanceof TrainyardError) || error.code !== 'PROVIDER_REJECTED') throw error;
      if (error.details.httpStatus === 409) return false;
      // The existing servers refuse a job that is over and one that they do not know alike.
      if ((await this.#end(ref, signal)) !== null) return false;
      throw error;
    }
  }

  async *followLogs(
    ref: JobRef,
    cursor: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<LogBatch, void> {
    try {
      const streamed = yield* this.#followStream(ref, cursor, signal);
      if (!streamed) yield* this.#followPages(ref, cursor, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#note(ref, error);
      throw error;
    }
  }

  /** Its own numbers never change; where as many lines are stored as were read, none was thinned out. */
  async linesAt(
    ref: JobRef,
    range: { first: number; count: number; total: number; cursor: string | null },
    signal: AbortSignal,
  ): Promise<string[] | null> {
    if (!this.#isOwn || positionOf(range.cursor).at !== range.total) return null;
    const lines: string[] = [];
    while (lines.length < range.count) {
      const offset = range.first + lines.length;
      const page = await this.#server.page(
        ref,
        { offset, limit: range.count - lines.length },
        signal,
      );
      if (page.offset !== offset || page.lines.length === 0) return null;
      lines.push(...page.lines);
    }
    return lines;
  }

  logNotice(job: Job, { awaitsLog = false } = {}): LogNotice | null {
    if (this.#unknown.has(job.id)) return unknownJobNotice(this, job, { awaitsLog });
    const said = this.#said.of(job.id);
    if ((isOver(job.status) && !awaitsLog) || !this.#health) return said;
    const { status, message } = this.#health;
    if (status === 'DOWN') return unreachableNotice(this.name, message);
    return this.#server.keyRefusal === null ? said : refusedNotice(this.name, message);
  }

  async health(signal: AbortSignal): Promise<ProviderHealth> {
    const { health, recipes } = await checkHealth(this.#server, signal);
    this.#health = health;
    this.#served = recipes ?? this.#served;
    this.#hasAnswered ||= health.status === 'UP';
    if (health.status === 'UP') this.#isOwn = recipes !== null;
    return health;
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #followStream(ref: JobRef, cursor: string | null, signal: AbortSignal) {
    const server = this.#server;
    const log = {
      open: (offset: number) => server.stream(ref, offset, signal),
      page: (range: { offset: number; limit: number }) => server.page(ref, range, signal),
      ended: (notice: EndNotice) => this.#said.hear(ref.jobId, notice),
      broken: (reason: string, cause?: unknown) => server.brokenLog(ref, reason, cause),
    };
    return followStream(log, positionOf(cursor).at, signal);
  }

  #followPages(ref: JobRef, cursor: string | null, signal: AbortSignal) {
    const { name: provider } = this;
    this.#logger?.info({ provider, jobId: ref.jobId }, 'no event stream: reading the log by page');
    const log = {
      page: async (range: { offset: number; limit: number }) =>
        (await this.#server.page(ref, range, signal)).lines,
      ended: () => this.#end(ref, signal),
    };
    return followPages(log, cursor, signal);
  }

  async #report(ref: JobRef, signal: AbortSignal): Promise<StatusReport> {
    try {
      const answer = await this.#server.status(ref, signal);
      const state = stateOf(answer);
      this.#said.hear(ref.jobId, answer.notice ?? null);
      this.#unknown.delete(ref.jobId);
      return { jobId: ref.jobId, state };
    } catch (error) {
      this.#note(ref, error);
      return { jobId: ref.jobId, error };
    }
  }

  /** How a job ended; null while it is not over. */
  async #end(ref: JobRef, signal: AbortSignal): Promise<ProviderState | null> {
    const state = stateOf(await this.#server.status(ref, signal));
    return state.status !== null && isOver(state.status) ? state : null;
  }

  #note(ref: JobRef, error: unknown): void {
    if (codeOf(error) === 'NOT_FOUND') this.#unknown.set(ref.jobId, true);
  }
}

function isList<T>(value: readonly string[] | T): value is readonly string[] {
  return Array.isArray(value);
}

function jobConfig(job: Job): JsonObject {
  return { ...job.config, recipe: job.recipe, model_name: job.modelName };
}
