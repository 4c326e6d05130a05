import { dirname, resolve } from 'node:path';
import type { Recipe } from '../core/recipe.ts';
import { isInstalled, projectDir } from '../lib/system/project.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, parseEnvironment } from './environment.ts';
import { type ConfigFile, defaultConfigFile, readConfigFile } from './file.ts';
import { builtInName, type ConfiguredProvider, configuredProviders } from './providers.ts';
import { trainerRecipes } from './recipes.ts';

/** The training server to start. */
export interface TrainerConfig {
  host: string;
  port: number;
  dataDir: string;
  apiKey: string | null;
  concurrency: number;
  /** Jobs are held while less is free; 0: never. */
  diskReserveMb: number;
  recipes: Readonly<Record<string, Recipe>>;
  /** Where relative paths of recipes and data sets start. */
  recipeBase: string;
  /** What jobs may inherit the harmless part of. */
  baseEnv: NodeJS.ProcessEnv;
}

export interface Config {
  host: string;
  port: number;
  dataDir: string;
  logLevel: string;
  tokens: readonly string[];
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  providers: readonly ConfiguredProvider[];
  /** Started within the server; null where another one is used. */
  embeddedTrainer: TrainerConfig | null;
}

/** Reads and checks all that the server can be told. Throws `ConfigError`. */
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
    embeddedTrainer: providers.some(({ name }) => name === builtInName)
      ? null
      : // For this process alone, so on any free port.
        { ...trainer, host: '127.0.0.1', port: 0, apiKey: null },
  };
}

/** Reads and checks all that a training server of its own can be told. Throws `ConfigError`. */
export function readTrainerConfig(
  environment: NodeJS.ProcessEnv,
): TrainerConfig & { logLevel: string } {
  const env = parseEnvironment(environment);
  const file = readConfigFile(env.TRAINYARD_CONFIG);
  const trainer = readTrainer({ env, file, dataDir: resolve(env.TRAINYARD_DATA_DIR), environment });
  return { ...trainer, logLevel: env.LOG_LEVEL };
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
    recipeBase: dirname(resolve(env.TRAINYARD_CONFIG ?? defaultConfigFile)),
    baseEnv: environment,
  };
}

/** `tiny-lm` brings its own data set; it is the default where the operator names no other. */
function shippedRecipes(): Record<string, Recipe> {
  const program = isInstalled ? 'dist/examples/tiny-lm/train.js' : 'examples/tiny-lm/train.ts';
  const tinyLm = { command: [process.execPath, program], cwd: projectDir };
  return { default: tinyLm, 'tiny-lm': tinyLm };
}
