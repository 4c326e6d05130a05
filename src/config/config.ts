import { dirname, resolve } from 'node:path';
import type { Recipe } from '../core/recipe.ts';
import { isInstalled, projectDir } from '../lib/system/project.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, parseEnvironment } from './environment.ts';
import { type ConfigFile, defaultConfigFile, readConfigFile } from './file.ts';
import { builtInName, type ConfiguredProvider, configuredProviders } from './providers.ts';
import { trainerRecipes } from './recipes.ts';

/** The settings of a training server. */
export interface TrainerConfig {
  host: string;
  port: number;
  dataDir: string;
  apiKey: string | null;
  concurrency: number;
  /** No job starts while less disk space is free; 0 turns this off. */
  diskReserveMb: number;
  recipes: Readonly<Record<string, Recipe>>;
  /** The folder where relative paths of recipes and data sets start. */
  recipeBase: string;
  /** The environment, of which jobs inherit the variables that are safe. */
  baseEnv: NodeJS.ProcessEnv;
}

/** The settings of the server. */
export interface Config {
  host: string;
  port: number;
  dataDir: string;
  logLevel: string;
  tokens: readonly string[];
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  providers: readonly ConfiguredProvider[];
  /** The recipes that the operator wrote into the configuration file, and the file's path. */
  ownRecipes: { names: readonly string[]; file: string };
  /** The training server that runs inside this server; null where a provider of its name is configured. */
  embeddedTrainer: TrainerConfig | null;
}

/** Reads and checks the server's settings. Throws `ConfigError`. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const env = parseEnvironment(environment);
  const file = readConfigFile(env.TRAINYARD_CONFIG);
  if (env.DATABASE_URL) {
    throw new ConfigError(
      'DATABASE_URL is set: this version stores in SQLite alone. Unset it, and see TRAINYARD_DATA_DIR.',
    );
  }
  const dataDir = resolve(env.TRAINYARD_DATA_DIR);
  const {
    host: _host,
    port: _port,
    apiKey: _apiKey,
    ...trainer
  } = readTrainer({ env, file, dataDir, environment });
  const { recipeBase } = trainer;
  const providers = configuredProviders({ env, file, environment, recipeBase });
  return {
    host: env.HOST,
    port: env.PORT,
    dataDir,
    logLevel: env.LOG_LEVEL,
    tokens: env.TRAINYARD_TOKENS,
    allowedHosts: file.allowedHosts.map((name) => name.toLowerCase()),
    allowedOrigins: file.allowedOrigins,
    providers,
    ownRecipes: { names: Object.keys(file.recipes), file: configPath(env) },
    embeddedTrainer: providers.some(({ name }) => name === builtInName)
      ? null
      : // Only this process uses it, so any free port will do.
        { ...trainer, host: '127.0.0.1', port: 0, apiKey: null },
  };
}

/**
 * Reads and checks the settings of a training server that runs alone. With `listen` it listens on every address of
 * this machine, unless TRAINER_HOST names one. Throws `ConfigError`.
 */
export function readTrainerConfig(
  environment: NodeJS.ProcessEnv,
  { listen = false } = {},
): TrainerConfig & { logLevel: string; configFile: string } {
  const { TRAINER_HOST = '' } = environment;
  const host = TRAINER_HOST === '' && listen ? { TRAINER_HOST: '0.0.0.0' } : {};
  const env = parseEnvironment({ ...environment, ...host });
  const file = readConfigFile(env.TRAINYARD_CONFIG);
  const trainer = readTrainer({ env, file, dataDir: resolve(env.TRAINYARD_DATA_DIR), environment });
  return { ...trainer, logLevel: env.LOG_LEVEL, configFile: configPath(env) };
}

function configPath({ TRAINYARD_CONFIG }: Environment): string {
  return resolve(TRAINYARD_CONFIG ?? defaultConfigFile);
}

function readTrainer({
  env,
  file,
  dataDir,
  environment,
}: {
  env: Environment;
  file: ConfigFile;
  dataDir: string;
  environment: NodeJS.ProcessEnv;
}): TrainerConfig {
  return {
    host: env.TRAINER_HOST,
    port: env.TRAINER_PORT,
    dataDir: env.TRAINER_DATA_DIR ? resolve(env.TRAINER_DATA_DIR) : resolve(dataDir, 'trainer'),
    apiKey: env.TRAINER_API_KEY ?? null,
    concurrency: env.TRAINER_CONCURRENCY,
    diskReserveMb: env.TRAINER_DISK_RESERVE_MB,
    recipes: { ...shippedRecipes(), ...trainerRecipes(file.recipes) },
    recipeBase: dirname(configPath(env)),
    baseEnv: environment,
  };
}

/** The example `tiny-lm`, which brings its own data set. It is also the recipe `default`. */
function shippedRecipes(): Record<string, Recipe> {
  const program = isInstalled ? 'dist/examples/tiny-lm/train.js' : 'examples/tiny-lm/train.ts';
  const tinyLm = { command: [process.execPath, program], cwd: projectDir };
  return { default: tinyLm, 'tiny-lm': tinyLm };
}
