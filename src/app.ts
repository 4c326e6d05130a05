import { randomBytes } from 'node:crypto';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { builtInProvider } from './config/providers.ts';
import { Cancel } from './jobs/ask/cancel.ts';
import { Deploy } from './jobs/ask/deploy.ts';
import { Supervisor } from './jobs/drive/supervisor.ts';
import { JobChanges } from './jobs/job-changes.ts';
import { Jobs } from './jobs/jobs.ts';
import { Providers } from './jobs/providers.ts';
import { Reclaim } from './jobs/sweep/reclaim.ts';
import { Hints } from './lib/async/hints.ts';
import type { Logger } from './lib/system/logger.ts';
import { GrowingLines } from './logs/growing-lines.ts';
import { LiveLogs } from './logs/read/live.ts';
import { LogReader } from './logs/read/reader.ts';
import { Access, isLoopback } from './server/checks/access.ts';
import { openHttpServer } from './server/http.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import { openTrainer } from './trainer/trainer.ts';

export interface App {
  /** Where the server can be reached: `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The providers' names, in order. */
  readonly providers: readonly string[];
  /** How many jobs are not over, or their logs not complete, of those that this server sees to. */
  readonly unfinished: number;
  /** Stops accepting, ends the streams, stores what is under way, and closes everything. Jobs run on. */
  close(): Promise<void>;
}

/** Puts the parts together and listens. Whatever was opened is closed again where a later part fails. */
export async function openApp(config: Config, logger: Logger): Promise<App> {
  if (!isLoopback(config.host) && config.tokens.length === 0) {
    throw new ConfigError(
      `HOST is ${JSON.stringify(config.host)}: beyond this machine, Trainyard needs TRAINYARD_TOKENS (one or more tokens of your own making, separated by commas).`,
    );
  }
  await using opened = new AsyncDisposableStack();

  const store = await openSqliteStore({ dataDir: config.dataDir, logger });
  opened.defer(() => store.close());

  const configured = [...config.providers];
  if (config.embeddedTrainer) {
    // A key that nobody else can know: no other program of this machine may use this server.
    const apiKey = randomBytes(24).toString('base64url');
    const trainer = await openTrainer({ ...config.embeddedTrainer, apiKey, logger });
    opened.defer(() => trainer.close());
    const place = `the built-in training server in ${config.embeddedTrainer.dataDir}`;
    configured.unshift(builtInProvider({ url: trainer.url, apiKey, place }));
  }
  const openedProviders = [];
  for (const provider of configured) {
    openedProviders.push(opened.adopt(await provider.open({ logger }), (it) => it.close()));
  }
  const providers = new Providers(openedProviders);

  const hints = new Hints<string>();
  const changes = new JobChanges(store.jobs);
  const growing = new GrowingLines();
  const supervisor = new Supervisor({
    store,
    changes,
    providers,
    growing,
    advanced: (jobId) => hints.give(jobId),
    logger,
  });
  opened.defer(() => supervisor.close());
  const reclaim = new Reclaim({ store, providers, logger });
  opened.defer(() => reclaim.close());

  const logReader = new LogReader(store, growing);
  const server = await openHttpServer({
    host: config.host,
    port: config.port,
    access: new Access(config),
    context: {
      jobs: new Jobs({ changes, logs: store.logs, providers }),
      deploy: new Deploy({ changes, providers, supervisor }),
      cancel: new Cancel({ changes, providers }),
      providers,
      logReader,
      liveLogs: new LiveLogs({ reader: logReader, hints }),
      metrics: store.logs,
    },
    store,
    providers,
    logger,
  });
  opened.defer(() => server.close());

  const health = providers.list().map(async ({ name }) => {
    const { status, message } = await providers.health(name);
    if (status !== 'UP')
      logger.warn({ provider: name, status }, `a provider is not well: ${message}`);
  });
  supervisor.start();
  reclaim.start();
  const parts = opened.move();
  return {
    url: server.url,
    providers: providers.list().map(({ name }) => name),
    get unfinished() {
      return supervisor.size;
    },
    async close() {
      await parts.disposeAsync();
      // Nobody waits for these; they end with their providers.
      await Promise.all(health);
    },
  };
}
