import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { idleRecipesWarning } from './jobs/idle-recipes.ts';
import type { JobTimes } from './jobs/times.ts';
import type { Logger } from './lib/system/logger.ts';
import { isLoopback } from './lib/system/loopback.ts';
import { quote } from './lib/text/quote.ts';
import { Access } from './server/checks/access.ts';
import { openHttpServer } from './server/http.ts';
import { openServices } from './services.ts';

/** A running server. */
export interface App {
  /** The server's address, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The providers' names, in the order of the configuration. */
  readonly providers: readonly string[];
  /** How many of the jobs that this server drives are not over, or have a log that is not complete. */
  readonly unfinished: number;
  /** Stops accepting, ends the streams, stores the lines under way, and closes everything. The jobs keep running. */
  close(): Promise<void>;
}

/** Opens all parts of the server and listens. If a part fails, those that are open are closed again. */
export async function openApp(
  config: Config,
  logger: Logger,
  jobTimes: Partial<JobTimes> = {},
): Promise<App> {
  if (!isLoopback(config.host) && config.tokens.length === 0) {
    throw new ConfigError(
      `HOST is ${quote(config.host)}: beyond this machine, Trainyard needs TRAINYARD_TOKENS (one or more tokens of your own making, separated by commas).`,
    );
  }
  await using opened = new AsyncDisposableStack();
  const services = opened.adopt(await openServices(config, { logger, jobTimes }), (it) =>
    it.close(),
  );
  const { providers } = services;
  const access = new Access(config);
  const server = opened.adopt(
    await openHttpServer({ ...services, host: config.host, port: config.port, access, logger }),
    (it) => it.close(),
  );

  const health = providers.list().map(async ({ name }) => {
    const { status, message } = await providers.health(name);
    if (status !== 'UP')
      logger.warn({ provider: name, status }, `a provider is not well: ${message}`);
  });
  const known = Promise.all(health).then(() => {
    const warning = idleRecipesWarning(config.ownRecipes, providers.list());
    if (warning !== null) logger.warn({}, warning);
  });
  services.start();
  const parts = opened.move();
  return {
    url: server.url,
    providers: providers.list().map(({ name }) => name),
    get unfinished() {
      return services.unfinished();
    },
    async close() {
      await parts.disposeAsync();
      // These checks ended with their providers.
      await known;
    },
  };
}
