import { TrainyardError } from '../../../core/errors.ts';
import type { Job, JsonObject } from '../../../core/job.ts';
import type { LogGap } from '../../../core/log.ts';
import type { JobOutput, OutputAnswer, OutputRequest } from '../../../core/output.ts';
import type { JobRef } from '../../../core/provider.ts';
import type { RecipeFacts } from '../../../core/recipe.ts';
import { quote } from '../../../lib/text/quote.ts';
import type { TrainingClient } from './client.ts';
import {
  accepted,
  deployAnswer,
  healthAnswer,
  logsAnswer,
  outputsAnswer,
  type StatusAnswer,
  statusAnswer,
} from './wire.ts';

/** The timeout of a health check: longer than a failed connection takes, and short because callers wait for it. */
const healthMs = 4500;

/** How long the digest of a file may take: that of 100 GB does not, from a slow disk. */
const digestMs = 30 * 60_000;

/** For whom a job runs. The existing servers refuse a job without these fields, but do not check them. */
export interface Identity {
  userId: string;
  accessToken: string;
  jobToken: string;
}

const nobody: Identity = { userId: 'trainyard', accessToken: 'trainyard', jobToken: 'trainyard' };

/** The calls of the training server's contract, one method each. Errors are those of `TrainingClient`. */
export class TrainingServerApi {
  readonly #client: TrainingClient;
  readonly #identity: Identity;

  constructor(client: TrainingClient, identity: Identity = nobody) {
    this.#client = client;
    this.#identity = identity;
  }

  /** Starts a job and resolves to the server's id for it, or to the job's own id where the server names none. */
  async execute(job: Job, config: JsonObject, signal: AbortSignal): Promise<string> {
    const { userId, accessToken, jobToken } = this.#identity;
    const json = {
      execution_id: job.id,
      name: job.name,
      config,
      dataset_path: job.datasetPath ?? undefined,
      user_id: userId,
      access_token: accessToken,
      job_token: jobToken,
    };
    const task = `deploy job ${job.id}`;
    const call = { task, method: 'POST', path: '/api/training/execute', json, signal } as const;
    const answer = await this.#client.call(call, deployAnswer);
    return answer.job_id ?? answer.id ?? job.id;
  }

  /** The server's report on a job. Throws `NOT_FOUND` where it knows no such job. */
  async status(ref: JobRef, signal: AbortSignal): Promise<StatusAnswer> {
    const task = `read the status of job ${ref.jobId}`;
    return await this.#client.call({ task, path: pathOf('status', ref), signal }, statusAnswer);
  }

  /** Asks the server to end a job. Throws `PROVIDER_REJECTED` where the job cannot be cancelled. */
  async cancel(ref: JobRef, options: { force: boolean }, signal: AbortSignal): Promise<void> {
    const task = `cancel job ${ref.jobId}`;
    const path = pathOf('cancel', ref) + (options.force ? '?force=true' : '');
    await this.#client.call({ task, method: 'POST', path, signal }, accepted);
  }

  /** Up to `limit` lines of a job's log, the number of the first one, and the gaps. Past the end there are no lines. */
  async page(
    ref: JobRef,
    range: { offset: number; limit: number },
    signal: AbortSignal,
  ): Promise<{ offset: number; lines: readonly string[]; gaps: readonly LogGap[] }> {
    const path = `${pathOf('logs', ref)}?limit=${range.limit}&offset=${range.offset}`;
    const answer = await this.#client.call({ task: logTask(ref), path, signal }, logsAnswer);
    return { offset: answer.offset ?? range.offset, lines: answer.logs, gaps: answer.gaps };
  }

  /** The event stream of a job's log from line `offset` on; null where the server has no event streams. */
  async stream(
    ref: JobRef,
    offset: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | null> {
    const path = `${pathOf('logs', ref)}/stream?offset=${offset}`;
    const headers = { 'last-event-id': String(offset) };
    return await this.#client.stream({ task: logTask(ref), path, headers, signal });
  }

  /** Up to `limit` of the files that a job has made, from behind the path `after` on. */
  async outputs(
    ref: JobRef,
    { limit, after }: { limit: number; after: string | null },
    signal: AbortSignal,
  ): Promise<JobOutput[]> {
    const task = `list what job ${ref.jobId} has made`;
    const query = new URLSearchParams({ limit: `${limit}`, ...(after === null ? {} : { after }) });
    const path = `${pathOf('outputs', ref)}?${query}`;
    const { outputs, truncated } = await this.#client.call({ task, path, signal }, outputsAnswer);
    if (truncated && outputs.length < limit) {
      throw new TrainyardError(
        'PROVIDER_REJECTED',
        `The files of job ${ref.jobId} cannot all be listed: they lie in too many folders.`,
      );
    }
    return outputs.map(({ modified, ...file }) => ({ ...file, modifiedAt: modified }));
  }

  /** One of these files, or a part of it. Throws `NOT_FOUND` where there is none of this path. */
  async output(
    ref: JobRef,
    name: string,
    request: OutputRequest,
    signal: AbortSignal,
  ): Promise<OutputAnswer> {
    const task = `fetch ${quote(name)} of job ${ref.jobId}`;
    const path = `${pathOf('outputs', ref)}/${name.split('/').map(encodeURIComponent).join('/')}`;
    const headers: Record<string, string> = {};
    if (request.range !== null) headers.range = request.range;
    if (request.ifRange !== null) headers['if-range'] = request.ifRange;
    if (request.wantDigest !== null) headers['want-repr-digest'] = request.wantDigest;
    const patience = request.wantDigest === null ? {} : { patienceMs: digestMs };
    const answer = await this.#client.file({ task, path, headers, signal, ...patience });
    if (!request.isHead || answer.chunks === null) return answer;
    // The contract's HEAD could not say why it is refused, so the file is asked for and let go of.
    for await (const _ of answer.chunks) break;
    return { ...answer, chunks: null };
  }

  /** The error for a log that came garbled or cut and may come whole another time: `PROVIDER_UNAVAILABLE`. */
  brokenLog(ref: JobRef, reason: string, cause?: unknown): TrainyardError {
    return this.#client.broken(logTask(ref), reason, cause);
  }

  /** The recipes that the server's health check names and the problem that it reports; null for either where it does not. */
  async health(signal: AbortSignal): Promise<{
    recipes: readonly string[] | null;
    facts: readonly RecipeFacts[];
    problem: string | null;
  }> {
    const call = { task: 'check its health', path: '/health', keyless: true, signal };
    const [{ recipes = null, recipe_list: facts, status, message }] = await Promise.all([
      this.#client.call({ ...call, headersMs: healthMs }, healthAnswer),
      this.#client.isKeyKnown ? null : this.#tryKey(signal),
    ]);
    const isWell = status?.toLowerCase() !== 'degraded';
    return { recipes, facts, problem: isWell ? null : this.#client.wordsOf(message ?? 'degraded') };
  }

  /** Asks for a job that does not exist, because the answer shows whether the key is accepted. */
  async #tryKey(signal: AbortSignal): Promise<void> {
    const path = '/api/training/status/is-the-key-right';
    const call = { task: 'check the key', path, headersMs: healthMs, signal };
    // The health check itself reports whatever else goes wrong.
    await this.#client.call(call, accepted).catch(() => {});
  }

  /** Why the server last refused the key; null once it accepts it. The answer to a health check may not show this. */
  get keyRefusal(): string | null {
    return this.#client.keyRefusal;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function pathOf(route: 'status' | 'cancel' | 'logs' | 'outputs', ref: JobRef): string {
  return `/api/training/${route}/${encodeURIComponent(ref.externalId)}`;
}

function logTask(ref: JobRef): string {
  return `read the log of job ${ref.jobId}`;
}
