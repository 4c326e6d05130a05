import { codeOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type NewJob } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type { JobOutput, OutputAnswer, OutputRequest } from '../../core/output.ts';
import type {
  JobRef,
  LogBatch,
  ProviderHealth,
  ProviderState,
  StatusReport,
} from '../../core/provider.ts';
import type { OpenedProvider } from '../../core/provider-kind.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import { recent } from '../../lib/recent.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { type Identity, TrainingServerApi } from './api/api.ts';
import { TrainingClient } from './api/client.ts';
import { stateOf } from './api/wire.ts';
import { asCompleted } from './completed.ts';
import { checkHealth } from './health.ts';
import { positionOf } from './log/cursor.ts';
import { refusedNotice, SaidNotices, unknownJobNotice, unreachableNotice } from './log/notice.ts';
import { followPages } from './log/poll.ts';
import { type EndNotice, followStream } from './log/stream.ts';
import { ServerRecipes, type ServerRecipesOptions } from './recipes.ts';

export interface LocalProviderOptions extends ServerRecipesOptions {
  name: string;
  /** The training server's address, with the path below which its routes are, if any. */
  url: string;
  /** The setting that holds the address, such as `TRAINING_SERVER_URL`; error messages name it. */
  urlName?: string | undefined;
  apiKey: string | null;
  /** The setting that holds the key, such as `TRAINING_SERVER_API_KEY`; error messages name it. */
  keyName?: string | undefined;
  /** What the existing servers demand with every job. */
  identity?: Identity;
  /** The server's location in words (see `Provider.location`); its address by default. */
  location?: string;
  /** Milliseconds between two status calls for a live job; 1000 by default. */
  pollMs?: number;
  /** The longest pause between two reads of a log that has no stream, in milliseconds; 2000 by default. */
  slowPagesMs?: number;
  /** How long to wait for headers (10 s by default), for the rest of an answer (30 s) and in a silent stream (45 s). */
  timeouts?: { headersMs?: number; bodyMs?: number; silenceMs?: number };
  logger?: Logger;
}

/** Opens a provider for one training server, which speaks Trainyard's HTTP contract or a dialect of it. */
export function openLocalProvider(options: LocalProviderOptions): OpenedProvider {
  return new TrainingServerProvider(options);
}

/** The most status calls at one time. A call that hangs delays no other job's. */
const statusCallsAtOnce = 16;

class TrainingServerProvider implements OpenedProvider {
  readonly name: string;
  readonly kind = 'LOCAL';
  readonly location: string;
  readonly pollMs: number;
  readonly #slowPagesMs: number;
  readonly #server: TrainingServerApi;
  readonly #logger: Logger | undefined;
  readonly #recipes: ServerRecipes;
  /** Jobs that the server does not know. */
  readonly #unknown = recent<true>();
  readonly #said = new SaidNotices();
  #health: ProviderHealth | null = null;

  constructor(options: LocalProviderOptions) {
    const { name, url, urlName, apiKey, keyName, timeouts = {} } = options;
    const { headersMs = 10_000, bodyMs = 30_000, silenceMs = 45_000 } = timeouts;
    this.name = name;
    const { origin, pathname } = new URL(url);
    this.location = options.location ?? `${origin}${pathname}`.replace(/\/$/, '');
    this.pollMs = options.pollMs ?? 1000;
    this.#slowPagesMs = options.slowPagesMs ?? 2000;
    this.#recipes = new ServerRecipes(options);
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
    return this.#recipes.names();
  }

  recipeFacts(): readonly RecipeFacts[] {
    return this.#recipes.facts();
  }

  get recipesUnknown(): boolean {
    return this.#recipes.areUnknown;
  }

  check(job: NewJob): void {
    this.#recipes.check(job);
  }

  async deploy(job: Job, signal: AbortSignal): Promise<{ externalId: string }> {
    // The existing servers run a job a second time when they are asked a second time.
    const known = await this.find(job, signal);
    if (known !== null) return { externalId: known };
    if (this.#recipes.isOwnServer === null) await this.health(signal);
    const config = this.#recipes.configOf(job);
    return { externalId: await this.#server.execute(job, config, signal) };
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
      // The existing servers refuse with the same answer a job that is over and one that they do not know.
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

  /**
   * Only Trainyard's own server keeps the numbers of lines. They are the store's numbers where as many lines are
   * stored as were read, because no line was thinned out then.
   */
  async linesAt(
    ref: JobRef,
    range: { first: number; count: number; total: number; cursor: string | null },
    signal: AbortSignal,
  ): Promise<string[] | null> {
    if (!this.#recipes.isOwnServer || positionOf(range.cursor).at !== range.total) return null;
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

  async outputs(
    ref: JobRef,
    page: { limit: number; after: string | null },
    signal: AbortSignal,
  ): Promise<JobOutput[]> {
    await this.#mustKeepOutputs(signal);
    return await this.#server.outputs(ref, page, signal);
  }

  async output(
    ref: JobRef,
    path: string,
    request: OutputRequest,
    signal: AbortSignal,
  ): Promise<OutputAnswer> {
    await this.#mustKeepOutputs(signal);
    return await this.#server.output(ref, path, request, signal);
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
    const checked = await checkHealth(this.#server, signal);
    this.#recipes.learn(checked);
    this.#health = checked.health;
    return checked.health;
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
      slowMs: this.#slowPagesMs,
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

  /** Only Trainyard's own server has routes for what jobs make. */
  async #mustKeepOutputs(signal: AbortSignal): Promise<void> {
    if (this.#recipes.isOwnServer === null) await this.health(signal);
    if (this.#recipes.isOwnServer !== false) return;
    const message = `The training server of provider ${this.name} is another one than Trainyard's: it does not say what a job has made. Look on the machine itself.`;
    throw new TrainyardError('NOT_SUPPORTED', message);
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
