import type { Job } from '../../../../src/core/job.ts';
import type { JobRef, LogBatch, StatusReport } from '../../../../src/core/provider.ts';
import type { OpenedProvider } from '../../../../src/core/provider-kind.ts';
import type { MoonRecipe } from './definition.ts';

interface MoonSetup {
  name: string;
  settings: { crater: string };
  apiKey: { keyName: string } | null;
  recipes: Readonly<Record<string, MoonRecipe>>;
}

/** Its jobs print what they were told, and are done. */
export class MoonProvider implements OpenedProvider {
  readonly kind = 'MOON';
  readonly pollMs = 50;
  readonly name: string;
  readonly #setup: MoonSetup;
  readonly #jobs = new Map<string, Job>();

  constructor(setup: MoonSetup) {
    this.name = setup.name;
    this.#setup = setup;
  }

  recipes() {
    return Object.keys(this.#setup.recipes);
  }

  async deploy(job: Job) {
    this.#jobs.set(job.id, job);
    return { externalId: job.id };
  }

  async find({ id }: Job) {
    return this.#jobs.has(id) ? id : null;
  }

  async *status(refs: readonly JobRef[]): AsyncGenerator<StatusReport, void> {
    for (const { jobId } of refs) {
      yield { jobId, state: { status: 'COMPLETED', providerStatus: 'landed' } };
    }
  }

  async cancel() {
    return false;
  }

  async *followLogs({ jobId }: JobRef, cursor: string | null): AsyncGenerator<LogBatch, void> {
    const job = this.#jobs.get(jobId);
    const { settings, apiKey, recipes } = this.#setup;
    const told = { ...settings, key: apiKey?.keyName, recipe: recipes[job?.recipe ?? ''] };
    const texts = cursor === null ? [JSON.stringify({ ...told, options: job?.options })] : [];
    const runs = texts.map(() => ({ count: 1, time: Date.now(), source: 'STDOUT' as const }));
    yield { lines: texts, runs, cursor: 'all', ended: { state: null } };
  }

  logNotice() {
    return null;
  }

  async health() {
    return { status: 'UP' as const, message: null, checkedAt: Date.now(), latencyMs: 0 };
  }

  async close() {}
}
