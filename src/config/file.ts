import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { kindWord } from '../core/provider-kind.ts';
import { parseExactJson } from '../lib/text/exact-json.ts';
import { nearest } from '../lib/text/nearest.ts';
import { quote, shortened } from '../lib/text/quote.ts';
import { providerDefinitions } from '../providers/registry.ts';
import { ConfigError } from './config-error.ts';
import { recipeSchema } from './recipes.ts';
import { schemaParts } from './schema-parts.ts';

const { text, secret } = schemaParts;

/** The settings of an entry of `providers` that give its key. */
export const keyFields = {
  apiKey: secret.optional(),
  /** The environment variable that holds the key. */
  apiKeyEnv: text.optional(),
};

const words = providerDefinitions.map(kindWord);
const entries = providerDefinitions.map((definition) =>
  z.strictObject({
    kind: z.literal(kindWord(definition)),
    ...(definition.apiKey === 'none' ? {} : keyFields),
    ...definition.settings(schemaParts),
  }),
);
const entry = z.discriminatedUnion('kind', atLeastOne(entries), {
  error: `it must be an object whose "kind" is ${words.map((word) => JSON.stringify(word)).join(' or ')}`,
});

const file = z.strictObject({
  $schema: text.optional(),
  providers: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), entry).default({}),
  recipes: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), recipeSchema)
    .default({}),
  allowedHosts: z
    .array(z.string().regex(/^[\w.-]+$/, 'it must be a name without a port, such as gpu-box.local'))
    .default([]),
  allowedOrigins: z
    .array(
      z
        .string()
        .refine(
          isOrigin,
          'it must be an origin, such as http://localhost:5173, chrome-extension://ID or null',
        ),
    )
    .default([]),
});

/** The content of trainyard.config.json, checked and with defaults filled in. */
export type ConfigFile = z.infer<typeof file>;

/** The configuration file's name where TRAINYARD_CONFIG names no other. */
export const defaultConfigFile = 'trainyard.config.json';

/**
 * Reads the configuration file. Without a path this is `trainyard.config.json` in the working folder, which may be
 * absent. A file that a path names must exist. Throws `ConfigError`.
 */
export function readConfigFile(path: string | undefined): ConfigFile {
  const name = path ?? defaultConfigFile;
  let content: string;
  try {
    content = readFileSync(resolve(name), 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (absent && path === undefined) return file.parse({});
    throw new ConfigError(`TRAINYARD_CONFIG is ${quote(name)}: the file cannot be read.`, {
      cause: error,
    });
  }
  const parsed = file.safeParse(parseJson(name, content));
  if (parsed.success) return parsed.data;
  // An unknown word comes first: it is often a misspelt one, whose absence is another of the issues.
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const where = shortened(issue?.path.join('.') ?? '') || 'the file';
  throw new ConfigError(`${name}: ${where}: ${issue && wrong(issue)}`);
}

function wrong(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const [list, name] = issue.path;
  const known = name === undefined ? file : list === 'recipes' ? recipeSchema : null;
  const names = known ? Object.keys(known.shape) : [];
  const meant = nearest(issue.keys[0] ?? '', names);
  const guess = meant === null ? '' : ` (is it ${JSON.stringify(meant)}?)`;
  const help = known ? `; known: ${names.join(', ')}` : '';
  const unknown = issue.keys.slice(0, 3).map(quote).join(', ');
  return `${unknown} is not known here${guess}${help}`;
}

function atLeastOne<Item>(items: readonly Item[]): [Item, ...Item[]] {
  const [first, ...others] = items;
  if (first === undefined) throw new Error('there is no kind of provider');
  return [first, ...others];
}

/** What a browser sends as Origin: also of an extension, of an app's own scheme, and of a page without any, such as a file. */
function isOrigin(value: string): boolean {
  if (value === 'null' || (URL.canParse(value) && new URL(value).origin === value)) return true;
  return /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+$/.test(value);
}

function parseJson(name: string, content: string): unknown {
  try {
    return parseExactJson(content);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    // The message's quote of the file is left out, because it may hold a key.
    const where = message.replace(/,? (\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, '');
    throw new ConfigError(`${name} is not JSON: ${where}`, { cause: error });
  }
}
