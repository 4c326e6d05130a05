import { z } from 'zod';
import { ConfigError } from './config-error.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const port = wholeNumber(0, 65_535);
const text = z.string().min(1);
/** What can stand in a header. */
export const secret = text.regex(/^[\x21-\x7e]+$/, 'it must be printable ASCII without spaces');
const url = z
  .url({ protocol: /^https?$/, error: 'it must be an http(s) URL, such as http://127.0.0.1:4100' })
  .refine(hasNoPassword, 'it must not hold a name or password; keys have variables of their own');
const host = text
  .regex(/^[\w.:[\]-]+$/, 'it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0')
  .transform((name) => name.replace(/^\[|\]$/g, ''));
const tokens = z
  .string()
  .transform((list) => list.split(',').flatMap((token) => token.trim() || []))
  .pipe(z.array(secret).min(1, 'it must hold one or more tokens, separated by commas'));

const variables = z.object({
  HOST: host.default('127.0.0.1'),
  PORT: port.default(4000),
  TRAINYARD_DATA_DIR: text.default('./data'),
  TRAINYARD_CONFIG: text.optional(),
  TRAINYARD_TOKENS: tokens.default([]),
  TRAINING_SERVER_URL: url.optional(),
  TRAINING_SERVER_API_KEY: secret.optional(),
  RUNPOD_API_KEY: secret.optional(),
  RUNPOD_API_URL: url.default('https://api.runpod.io'),
  DATABASE_URL: text.optional(),
  TRAINER_HOST: host.default('127.0.0.1'),
  TRAINER_PORT: port.default(4100),
  TRAINER_DATA_DIR: text.optional(),
  TRAINER_API_KEY: secret.optional(),
  TRAINER_CONCURRENCY: wholeNumber(1, 1024).default(1),
  TRAINER_DISK_RESERVE_MB: wholeNumber(0, 1_000_000_000).default(256),
  LOG_LEVEL: z
    .enum(logLevels, { error: `it must be one of ${logLevels.join(', ')}` })
    .default('info'),
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
  throw new ConfigError(`${name} is ${shown(name, given[name] ?? '')}: ${issue?.message}.`);
}

/** The key that a variable of any name holds; null where it is not set or empty. Throws `ConfigError`. */
export function readKey(environment: NodeJS.ProcessEnv, name: string): string | null {
  const value = environment[name];
  if (!value) return null;
  const parsed = secret.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${name} is (hidden): ${parsed.error.issues[0]?.message}.`);
}

function wholeNumber(least: number, most: number) {
  const error = `it must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, error)
    .transform(Number)
    .pipe(z.number().min(least, error).max(most, error));
}

function hasNoPassword(value: string): boolean {
  const url = URL.parse(value);
  return url === null || (url.username === '' && url.password === '');
}

function shown(name: string, value: string): string {
  const isSecret = /KEY|TOKEN|DATABASE/.test(name) || (name.endsWith('URL') && value.includes('@'));
  return isSecret ? '(hidden)' : JSON.stringify(value);
}
