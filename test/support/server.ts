import { type Job, type NewJob, newJobId } from '../../src/core/job.ts';
import type { LineRun } from '../../src/core/log.ts';
import type { Provider } from '../../src/core/provider.ts';
import type { Lease, Store } from '../../src/core/store.ts';
import type { JobChanges } from '../../src/jobs/job-changes.ts';
import type { JobWatch } from '../../src/jobs/watch/job-watch.ts';
import type { LiveLogs } from '../../src/logs/read/live.ts';
import { Access, type AccessOptions } from '../../src/server/checks/access.ts';
import { type HttpOptions, openHttpServer } from '../../src/server/http.ts';
import { createServices } from '../../src/services.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { openFolder } from './folder.ts';
import { LogCapture } from './log-capture.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly log: LogCapture;
  readonly store: Store;
  readonly changes: JobChanges;
  readonly liveLogs: LiveLogs;
  readonly jobWatch: JobWatch;
  /** A saved job whose log the test writes. */
  openLog(job?: Partial<NewJob>): Promise<TestLog>;
  /** Ends the server alone, as SIGTERM does. */
  close(): Promise<void>;
}

export interface TestLog {
  readonly job: Job;
  readonly lease: Lease;
  /** Appends lines to the log and tells those who follow it. */
  print(...lines: string[]): Promise<void>;
  /** Appends lines as a collector would, with all that it knows of them. */
  append(texts: string[], runs: LineRun[]): Promise<void>;
  /** The job is over and its log complete. */
  end(): Promise<void>;
}

type Overrides = Partial<AccessOptions> &
  Partial<Pick<HttpOptions, 'times' | 'maxConnections'>> & {
    providers?: readonly Provider[];
    /** How long the store waits for another process's lock. */
    lockWaitMs?: number;
    /** Puts something between the server and its store. */
    wrapStore?: (store: Store) => Store;
  };

/** The HTTP server alone over a real store, without a provider of its own: what a test prints is what a log holds. */
export async function openTestServer(overrides: Overrides = {}): Promise<TestServer> {
  const {
    wrapStore = (it: Store) => it,
    providers: known = [],
    lockWaitMs,
    times,
    maxConnections,
    ...access
  } = overrides;
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openFolder());
  const log = new LogCapture();
  const { logger } = log;
  const real = opened.adopt(await openSqliteStore({ dataDir: folder.path, lockWaitMs }), (it) =>
    it.close(),
  );
  const store = wrapStore(real);
  const services = opened.adopt(createServices({ store, providers: known, logger }), (it) =>
    it.close(),
  );
  const { changes, advanced } = services;
  const server = opened.adopt(
    await openHttpServer({
      ...services,
      // Whatever `access` is told of the address: tests keep to this machine.
      host: '127.0.0.1',
      port: 0,
      times,
      maxConnections,
      access: new Access({
        host: '127.0.0.1',
        tokens: [],
        allowedHosts: [],
        allowedOrigins: [],
        ...access,
      }),
      logger,
    }),
    (it) => it.close(),
  );
  const parts = opened.move();
  return {
    url: server.url,
    dataDir: folder.path,
    log,
    store: real,
    changes,
    liveLogs: services.context.liveLogs,
    jobWatch: services.context.jobWatch,
    openLog: (job) => openLog({ store: real, changes, advanced }, job),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function openLog(
  parts: { store: Store; changes: JobChanges; advanced: (jobId: string) => void },
  given: Partial<NewJob> = {},
): Promise<TestLog> {
  const { store, changes, advanced } = parts;
  const { job } = await changes.insert({
    id: newJobId(),
    name: 'a job',
    provider: 'local',
    providerKind: 'LOCAL',
    recipe: 'default',
    modelName: 'test-model',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
    ...given,
  });
  const lease = await store.leases.claim(job.id);
  if (!lease) throw new Error('a new job has no free lease');
  const append: TestLog['append'] = async (texts, runs) => {
    await store.logs.append(lease, { lines: texts, runs, cursor: null, collectorState: null });
    advanced(job.id);
  };
  return {
    job,
    lease,
    append,
    print: (...texts) =>
      append(texts, [{ count: texts.length, time: Date.now(), source: 'STDOUT' }]),
    async end() {
      await changes.update(job.id, () => ({ status: 'COMPLETED' }));
      await store.logs.complete(lease);
      advanced(job.id);
    },
  };
}
