import { randomBytes } from 'node:crypto';
import type { Config } from './config/config.ts';
import { builtInProvider } from './config/providers.ts';
import type { Provider } from './core/provider.ts';
import type { Store } from './core/store.ts';
import type { SharedContext } from './graphql/engine/context.ts';
import { Cancel } from './jobs/ask/cancel.ts';
import { Deploy } from './jobs/ask/deploy.ts';
import { Outputs } from './jobs/ask/outputs.ts';
import { Rerun } from './jobs/ask/rerun.ts';
import { Supervisor } from './jobs/drive/supervisor.ts';
import { JobChanges } from './jobs/job-changes.ts';
import { Jobs } from './jobs/jobs.ts';
import { Providers } from './jobs/providers.ts';
import { Mend } from './jobs/sweep/mend.ts';
import { Reclaim } from './jobs/sweep/reclaim.ts';
import { type JobTimes, jobTimes } from './jobs/times.ts';
import { JobWatch } from './jobs/watch/job-watch.ts';
import { ProviderWatch } from './jobs/watch/provider-watch.ts';
import { Hints } from './lib/async/hints.ts';
import type { Logger } from './lib/system/logger.ts';
import { GrowingLines } from './logs/growing-lines.ts';
import { LiveLogs } from './logs/read/live.ts';
import { LiveMetrics } from './logs/read/live-metrics.ts';
import { MatchReader } from './logs/read/match-reader.ts';
import { LogOverviews } from './logs/read/overview.ts';
import { LogReader } from './logs/read/reader.ts';
import { JobsSearcher } from './logs/read/search-jobs.ts';
import { UnstoredLogs } from './logs/unstored-logs.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import { openTrainer } from './trainer/trainer.ts';

/** All parts of a server except HTTP. */
export interface Services {
  readonly store: Store;
  readonly providers: Providers;
  readonly changes: JobChanges;
  /** The parts that resolvers use. */
  readonly context: SharedContext;
  /** How many of the jobs that this server drives are not over, or have a log that is not complete. */
  unfinished(): number;
  /** Tells the readers who follow a job's log that it has grown. */
  advanced(jobId: string): void;
  /** Starts to take up unfinished jobs, and to release what providers hold for jobs that are over. */
  start(): void;
  /** Stops driving jobs, which keep running, and closes what it has opened. Closing twice is fine. */
  close(): Promise<void>;
}

/** Connects all parts over a store and providers, which the caller must close. */
export function createServices(parts: {
  store: Store;
  providers: readonly Provider[];
  logger: Logger;
  jobTimes?: Partial<JobTimes>;
}): Services {
  const { store, logger } = parts;
  const times = { ...jobTimes, ...parts.jobTimes };
  const providers = new Providers(parts.providers, times);
  const hints = new Hints<string>();
  const advanced = (jobId: string) => hints.give(jobId);
  const changes = new JobChanges(store.jobs, times, logger);
  const growing = new GrowingLines();
  const unstored = new UnstoredLogs();
  const supervisor = new Supervisor({
    store,
    changes,
    providers,
    growing,
    unstored,
    advanced,
    isFollowed: (jobId) => hints.has(jobId),
    logger,
    times,
  });
  const reclaim = new Reclaim({ store, providers, logger });
  const mend = new Mend({ store, providers, mended: advanced, logger });
  const deploy = new Deploy({ changes, providers, supervisor });
  const damaged = (jobId: string, line: number) => mend.note(jobId, line);
  const logReader = new LogReader(store, { growing, unstored, damaged });
  return {
    store: {
      ...store,
      // A small write may fit where lines do not: whoever asks is told of these.
      async check() {
        await store.check();
        unstored.mustBeNone();
      },
    },
    providers,
    changes,
    advanced,
    context: {
      jobs: new Jobs({ changes, logs: store.logs, providers }),
      jobWatch: new JobWatch({ changes, logs: store.logs }),
      deploy,
      rerun: new Rerun({ changes, deploy }),
      outputs: new Outputs({ jobs: store.jobs, providers }),
      cancel: new Cancel({ changes, logs: store.logs, providers }),
      providers,
      providerWatch: new ProviderWatch(providers),
      logReader,
      matchReader: new MatchReader(store, { unstored, damaged }),
      liveLogs: new LiveLogs({ reader: logReader, hints }),
      metrics: store.logs,
      liveMetrics: new LiveMetrics({ store, hints }),
      logOverviews: new LogOverviews(store.logs),
      jobsSearcher: new JobsSearcher({ jobs: store.jobs, reader: logReader }),
    },
    unfinished: () => supervisor.size,
    start() {
      supervisor.start();
      reclaim.start();
    },
    async close() {
      await reclaim.close();
      await mend.close();
      await supervisor.close();
    },
  };
}

/**
 * Opens the store, the built-in training server and the providers of the configuration, and connects all parts. If
 * one fails, those that are open are closed again.
 */
export async function openServices(
  config: Pick<Config, 'dataDir' | 'providers' | 'embeddedTrainer'>,
  options: { logger: Logger; jobTimes: Partial<JobTimes> },
): Promise<Services> {
  const { logger } = options;
  await using opened = new AsyncDisposableStack();
  const store = opened.adopt(await openSqliteStore({ dataDir: config.dataDir, logger }), (it) =>
    it.close(),
  );
  const configured = [...config.providers];
  if (config.embeddedTrainer) {
    // Only this process knows the key, so that no other program on this machine can use the training server.
    const apiKey = randomBytes(24).toString('base64url');
    const trainer = await openTrainer({ ...config.embeddedTrainer, apiKey, logger });
    opened.defer(() => trainer.close());
    const location = `the built-in training server in ${config.embeddedTrainer.dataDir}`;
    configured.unshift(builtInProvider({ url: trainer.url, apiKey, location }));
  }
  const providers = [];
  for (const provider of configured) {
    providers.push(opened.adopt(await provider.open({ logger }), (it) => it.close()));
  }
  const services = createServices({ store, providers, ...options });
  opened.defer(() => services.close());
  const parts = opened.move();
  return { ...services, close: () => parts.disposeAsync() };
}
