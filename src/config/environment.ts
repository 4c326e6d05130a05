import { z } from 'zod';
import { ConfigError } from './config-error.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const url = z.url({ protocol: /^https?$/, error: 'is no http(s) URL' });
const text = z.string().min(1);

const variables = z.object({
  HOST: text.default('127.0.0.1'),
  PORT: port.default(4000),
  TRAINYARD_DATA_DIR: text.default('./data'),
  TRAINYARD_CONFIG: text.optional(),
  TRAINYARD_TOKENS: text.optional(),
  TRAINING_SERVER_URL: url.optional(),
  TRAINING_SERVER_API_KEY: text.optional(),
  RUNPOD_API_KEY: text.optional(),
  RUNPOD_API_URL: url.default('https://api.runpod.io'),
  DATABASE_URL: text.optional(),
  TRAINER_HOST: text.default('127.0.0.1'),
  TRAINER_PORT: port.default(4100),
  TRAINER_DATA_DIR: text.optional(),
  TRAINER_API_KEY: text.optional(),
  TRAINER_CONCURRENCY: z.coerce.number().int().min(1).max(1024).default(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The environment, checked and with its defaults filled in. */
export type Environment = z.infer<typeof variables>;

/** Reads the variables that Trainyard knows; an empty one counts as absent. Throws `ConfigError`. */
export function parseEnvironment(environment: NodeJS.ProcessEnv): Environment {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  const value = /KEY|TOKEN|DATABASE/.test(name) ? '(hidden)' : JSON.stringify(given[name]);
  throw new ConfigError(`${name} is ${value}: ${issue?.message}`);
}
