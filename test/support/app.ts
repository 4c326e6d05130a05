import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openApp } from '../../src/app.ts';
import type { Config, TrainerConfig } from '../../src/config/config.ts';
import type { JobTimes } from '../../src/jobs/times.ts';
import { type ObedientJobs, openObedientJobs } from './dialects/obedient-jobs.ts';
import { openFolder } from './folder.ts';
import { LogCapture } from './log-capture.ts';

export interface TestApp extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly dataDir: string;
  /** What the server has logged so far. */
  readonly log: LogCapture;
  /** Speaks to the jobs of the recipes `default` and `obedient`; they are known by their external id. */
  readonly obedient: ObedientJobs;
  /** Ends the server alone, as SIGTERM does; disposing of it ends it, too, and its obedient jobs. */
  close(): Promise<void>;
}

type Overrides = Partial<Omit<Config, 'embeddedTrainer'>> & {
  /** Null: no training server of its own. */
  embeddedTrainer?: Partial<TrainerConfig> | null;
  jobTimes?: Partial<JobTimes>;
};

/**
 * The real server with its own training server, on free ports and in a folder of its own. Recipes:
 * `default` and `obedient` (see `openObedientJobs`), and `print` (config: `lines`, `exit`).
 */
export async function openTestApp(overrides: Overrides = {}): Promise<TestApp> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openFolder());
  const obedient = opened.adopt(await openObedientJobs(), (jobs) => jobs.close());
  const log = new LogCapture();
  const { embeddedTrainer, jobTimes, ...rest } = overrides;
  const dataDir = rest.dataDir ?? folder.path;
  const config: Config = {
    host: '127.0.0.1',
    port: 0,
    logLevel: 'debug',
    tokens: [],
    allowedHosts: [],
    allowedOrigins: [],
    providers: [],
    ownRecipes: { names: [], file: 'trainyard.config.json' },
    ...rest,
    dataDir,
    embeddedTrainer:
      embeddedTrainer === null ? null : { ...trainerOf(dataDir, obedient), ...embeddedTrainer },
  };
  const app = await openApp(config, log.logger, jobTimes);
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= app.close();
    return closed;
  };
  opened.defer(close);
  await ready(app.url);
  const parts = opened.move();
  return {
    url: app.url,
    dataDir,
    log,
    obedient,
    close,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Ready is when every provider has said how it is, and with that, which recipes it has. */
async function ready(url: string): Promise<void> {
  while ((await fetch(`${url}/health/ready`)).status !== 200) await setTimeout(10);
}

function trainerOf(dataDir: string, obedient: ObedientJobs): TrainerConfig {
  const printJob = fileURLToPath(new URL('print-job.js', import.meta.url));
  return {
    host: '127.0.0.1',
    port: 0,
    dataDir: `${dataDir}/trainer`,
    apiKey: null,
    concurrency: 4,
    diskReserveMb: 256,
    recipes: {
      default: { command: obedient.command },
      obedient: { command: obedient.command },
      print: { command: [process.execPath, printJob, '{config}'] },
    },
    recipeBase: dataDir,
    baseEnv: process.env,
  };
}
