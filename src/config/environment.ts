import { z } from 'zod';
import { parseToken } from '../access/tokens.ts';
import { quote } from '../lib/text/quote.ts';
import { providerDefinitions } from '../providers/registry.ts';
import { ConfigError } from './config-error.ts';
import { schemaParts } from './schema-parts.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const { text, secret } = schemaParts;
const port = wholeNumber(0, 65_535);
const host = text
  .regex(/^[\w.:[\]-]+$/, 'it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0')
  .transform((name) => name.replace(/^\[|\]$/g, ''));
const tokens = z
  .string()
  .transform((list) => list.split(',').flatMap((token) => token.trim() || []))
  .pipe(z.array(secret).min(1, 'it must hold one or more tokens, separated by commas'))
  .refine(hasNoTwins, 'it must not hold one token twice, with or without a name');

const variables = z.object({
  HOST: host.default('127.0.0.1'),
  PORT: port.default(4000),
  TRAINYARD_DATA_DIR: text.default('./data'),
  TRAINYARD_CONFIG: text.optional(),
  TRAINYARD_TOKENS: tokens.default([]),
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

/** The environment variables, checked and with defaults filled in. */
export interface Environment extends z.infer<typeof variables> {
  /** The variables that the kinds of providers define, keyed by the kind's name. */
  readonly ofKinds: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Reads the variables that Trainyard knows. An empty one counts as absent. Throws `ConfigError`. */
export function parseEnvironment(environment: NodeJS.ProcessEnv): Environment {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const known = parse(variables, given);
  const ofKinds = providerDefinitions.map(
    (definition) =>
      [definition.kind, parse(z.object(definition.variables(schemaParts)), given)] as const,
  );
  return { ...known, ofKinds: new Map(ofKinds) };
}

function parse<Schema extends z.ZodObject>(
  schema: Schema,
  given: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  throw new ConfigError(`${name} is ${shown(name, given[name] ?? '')}: ${issue?.message}.`);
}

/** The key in the variable of this name; null where it is absent or empty. Throws `ConfigError` for an invalid key. */
export function readKey(environment: NodeJS.ProcessEnv, name: string): string | null {
  const value = environment[name];
  return value ? checkedKey(value, name) : null;
}

/** The key, which `name` holds, such as a variable or a file. Throws `ConfigError` for an invalid one. */
export function checkedKey(value: string, name: string): string {
  const parsed = secret.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${name} is (hidden): ${parsed.error.issues[0]?.message}.`);
}

function hasNoTwins(entries: readonly string[]): boolean {
  const tokens = entries.map((entry) => parseToken(entry).token);
  return new Set(tokens).size === tokens.length;
}

function wholeNumber(least: number, most: number) {
  const error = `it must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, error)
    .transform(Number)
    .pipe(z.number().min(least, error).max(most, error));
}

function shown(name: string, value: string): string {
  const isSecret = /KEY|TOKEN|DATABASE/.test(name) || (name.endsWith('URL') && value.includes('@'));
  return isSecret ? '(hidden)' : quote(value);
}
