import { dirname, resolve } from 'node:path';
import type { Recipe } from '../core/recipe.ts';
import { isInstalled, projectDir } from '../lib/system/project.ts';
import type { RunPodProviderOptions } from '../providers/runpod/provider.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, parseEnvironment, readKey } from './environment.ts';
import { type ConfigFile, defaultConfigFile, readConfigFile } from './file.ts';

/** A training server to use. */
interface LocalProviderConfig {
  kind: 'local';
  name: string;
  url: string;
  apiKey: string | null;
  /** Where that is, in words; the address where nothing is said. */
  place?: string;
  /** Null: the server is asked for them. */
  recipes: readonly string[] | null;
}

/** A RunPod account to use. */
export interface RunPodProviderConfig extends RunPodProviderOptions {
  kind: 'runpod';
}

export type ProviderConfig = LocalProviderConfig | RunPodProviderConfig;

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
  providers: readonly ProviderConfig[];
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
  const configured: ProviderConfig[] = [];
  if (env.TRAINING_SERVER_URL) {
    configured.push({
      kind: 'local',
      name: 'local',
      url: env.TRAINING_SERVER_URL,
      apiKey: env.TRAINING_SERVER_API_KEY ?? null,
      recipes: null,
    });
  }
  if (env.RUNPOD_API_KEY) {
    configured.push({
      kind: 'runpod',
      name: 'runpod',
      url: env.RUNPOD_API_URL,
      apiKey: env.RUNPOD_API_KEY,
      keyName: 'RUNPOD_API_KEY',
      recipes: podRecipes(file),
      recipeBase,
    });
  }
  configured.push(...namedProviders({ env, file, environment, recipeBase }));
  return {
    host: env.HOST,
    port: env.PORT,
    dataDir,
    logLevel: env.LOG_LEVEL,
    tokens: env.TRAINYARD_TOKENS,
    allowedHosts: file.allowedHosts.map((name) => name.toLowerCase()),
    allowedOrigins: file.allowedOrigins,
    providers: configured,
    embeddedTrainer: configured.some(({ name }) => name === 'local')
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
    recipes: { ...shippedRecipes(), ...file.recipes },
    recipeBase: dirname(resolve(env.TRAINYARD_CONFIG ?? defaultConfigFile)),
    baseEnv: environment,
  };
}

/** `tiny-lm` brings its own data set; it is the default where the operator names no other. */
function shippedRecipes(): Record<string, Recipe> {
  const program = isInstalled ? 'dist/examples/tiny-lm/train.js' : tinyLmProgram;
  const command = [process.execPath, program];
  return withDefault({ ...tinyLm, command, dataset: undefined });
}

/** What pods can run: a pod's image has a Node of its own, and the recipe's few files travel along. */
function podRecipes(file: ConfigFile): Record<string, Recipe> {
  return { ...withDefault(tinyLm), ...file.recipes };
}

const tinyLmProgram = 'examples/tiny-lm/train.ts';
const tinyLm: Recipe = {
  command: ['node', '--disable-warning=ExperimentalWarning', tinyLmProgram],
  cwd: projectDir,
  image: 'node:24',
  files: ['package.json', 'examples/tiny-lm'],
  // The package of words that it takes elsewhere is too large to travel.
  dataset: 'examples/tiny-lm/words.txt',
  // It needs none: the cheap ones first.
  gpuType: [
    'NVIDIA RTX A4000',
    'NVIDIA GeForce RTX 3090',
    'NVIDIA GeForce RTX 4090',
    'NVIDIA A40',
    'NVIDIA L40S',
  ],
  diskGb: 10,
};

function withDefault(recipe: Recipe): Record<string, Recipe> {
  return { default: recipe, 'tiny-lm': recipe };
}

function namedProviders({
  env,
  file,
  environment,
  recipeBase,
}: {
  env: Environment;
  file: ConfigFile;
  environment: NodeJS.ProcessEnv;
  recipeBase: string;
}): ProviderConfig[] {
  return Object.entries(file.providers).map(([name, provider]) => {
    const { apiKeyEnv } = provider;
    const apiKey =
      apiKeyEnv === undefined ? (provider.apiKey ?? null) : readKey(environment, apiKeyEnv);
    if (apiKeyEnv !== undefined && apiKey === null) {
      throw new ConfigError(`${apiKeyEnv} is not set: providers.${name}.apiKeyEnv asks for it.`);
    }
    if (provider.kind === 'local') {
      const { kind, url, recipes } = provider;
      return { kind, name, url, apiKey, recipes: recipes ?? null };
    }
    const { kind, url, graceSeconds } = provider;
    if (apiKey === null) {
      throw new ConfigError(`providers.${name} has no key: set its apiKeyEnv, or its apiKey.`);
    }
    return {
      kind,
      name,
      url: url ?? env.RUNPOD_API_URL,
      apiKey,
      keyName: apiKeyEnv ?? `providers.${name}.apiKey`,
      recipes: podRecipes(file),
      recipeBase,
      ...(graceSeconds === undefined ? {} : { graceSeconds }),
    };
  });
}
