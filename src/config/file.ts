import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { secret } from './environment.ts';

const text = z.string().min(1);

const recipe = z.strictObject({
  command: z.array(text).min(1),
  cwd: text.optional(),
  env: z.record(text, z.string()).optional(),
  dataset: text.optional(),
  defaults: z.record(text, z.unknown()).optional(),
  image: text.optional(),
  files: z.array(text).min(1).optional(),
  gpuType: z.union([text, z.array(text).min(1)]).optional(),
  gpuCount: z.int().min(1).optional(),
  diskGb: z.int().min(1).optional(),
  volumeGb: z.union([z.literal(0), z.int().min(10)]).optional(),
  cloud: z.enum(['SECURE', 'COMMUNITY']).optional(),
  dataCenterIds: z.array(text).optional(),
});

const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'it must be an http(s) URL, such as http://gpu-box:4100',
});
const key = {
  apiKey: secret.optional(),
  /** The environment variable that holds the key. */
  apiKeyEnv: text.optional(),
};

const localProvider = z.strictObject({
  kind: z.literal('local'),
  url: httpUrl,
  ...key,
  recipes: z.array(text).optional(),
});

const runpodProvider = z.strictObject({
  kind: z.literal('runpod'),
  url: httpUrl.optional(),
  ...key,
  /** How long a pod waits, after its training, for Trainyard to terminate it. */
  graceSeconds: z.int().min(0).max(86_400).optional(),
});

const file = z.strictObject({
  $schema: text.optional(),
  providers: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
      z.discriminatedUnion('kind', [localProvider, runpodProvider], {
        error: 'it must be an object whose "kind" is "local" or "runpod"',
      }),
    )
    .default({}),
  recipes: z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), recipe).default({}),
  allowedHosts: z
    .array(z.string().regex(/^[\w.-]+$/, 'it must be a name without a port, such as gpu-box.local'))
    .default([]),
  allowedOrigins: z
    .array(z.string().refine(isOrigin, 'it must be an origin, such as http://localhost:5173'))
    .default([]),
});

/** What trainyard.config.json holds, checked and with its defaults filled in. */
export type ConfigFile = z.infer<typeof file>;

/** The file's name where none is given. */
export const defaultConfigFile = 'trainyard.config.json';

/**
 * Reads the configuration file. Without a path it is `trainyard.config.json` here, which may be
 * absent; a file that was asked for must be there. Throws `ConfigError`.
 */
export function readConfigFile(path: string | undefined): ConfigFile {
  const name = path ?? defaultConfigFile;
  let content: string;
  try {
    content = readFileSync(resolve(name), 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (absent && path === undefined) return file.parse({});
    throw new ConfigError(`TRAINYARD_CONFIG is ${JSON.stringify(name)}: the file cannot be read.`, {
      cause: error,
    });
  }
  const parsed = file.safeParse(parseJson(name, content));
  if (parsed.success) return parsed.data;
  // A word that nobody knows is what a missing one was meant to be.
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const where = issue?.path.join('.') || 'the file';
  throw new ConfigError(`${name}: ${where}: ${issue && wrong(issue)}`);
}

function wrong(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const [list, name] = issue.path;
  const known = name === undefined ? file : list === 'recipes' ? recipe : null;
  const help = known ? `; known: ${Object.keys(known.shape).join(', ')}` : '';
  return `${issue.keys.map((key) => JSON.stringify(key)).join(', ')} is not known here${help}`;
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

function parseJson(name: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    // Where the message quotes the file, it may quote a key.
    const where = message.replace(/,? (\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, '');
    throw new ConfigError(`${name} is not JSON: ${where}`, { cause: error });
  }
}
