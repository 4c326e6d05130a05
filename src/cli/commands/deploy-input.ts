import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type DeployJobInput, ProvidersDocument } from '@trainyard/client';
import { parse } from 'yaml';
import { messageOf } from '../../core/errors.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { exactNumber, findInexact, parseExactJson } from '../../lib/text/exact-json.ts';
import { nearest } from '../../lib/text/nearest.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import type { CommandContext } from '../context.ts';
import type { KindFlag } from '../definitions/kind-flags.ts';
import { CommandError, exitCode } from '../exit.ts';
import type { Api } from '../server/api.ts';

/** The flags of `deploy`. Those that only one kind of provider understands have the names of `KindFlag`. */
export interface DeployFlags {
  provider?: string;
  recipe?: string;
  model?: string;
  dataset?: string;
  name?: string;
  idempotencyKey?: string;
  config?: string[];
  [flagOfKind: string]: unknown;
}

type Fields = Record<string, unknown>;

/**
 * Reads a deploy's input: the fields of the file (`-` is stdin), which flags replace. The server checks most of it.
 * Throws a `CommandError` for unknown fields, for numbers that JSON cannot hold exactly, and where the model is
 * missing or a provider must be chosen.
 */
export async function readDeployInput(
  { api, environment }: CommandContext,
  file: string | undefined,
  { flags, ofKinds }: { flags: DeployFlags; ofKinds: readonly KindFlag[] },
): Promise<DeployJobInput> {
  const { provider, recipe, model, dataset, name, idempotencyKey, config } = flags;
  const fields = file === undefined ? {} : await readFields(file);
  checkNames(fields);
  const given = present({
    provider,
    recipe,
    name,
    modelName: model,
    datasetPath: dataset,
    idempotencyKey,
    config: config && { ...asFields(fields.config), ...(await readConfig(config)) },
    ...optionsOfKinds({ fields, flags, ofKinds }, environment),
  });
  const input: Fields = { ...fields, ...given };
  const inexact = findInexact(input.config, 'config');
  if (inexact !== null) throw usage(inexact);
  if (!hasModel(input)) {
    throw usage('Name the model to train: --model NAME, or `modelName` in the file.');
  }
  return { ...input, provider: input.provider ?? (await onlyProvider(api)) };
}

const names = [
  'provider',
  'recipe',
  'name',
  'modelName',
  'datasetPath',
  'config',
  'idempotencyKey',
] as const satisfies readonly (keyof DeployJobInput)[];

/** Throws for an unknown field. This comes before the check for missing fields, because it may be a misspelt one. */
function checkNames(fields: Fields): void {
  const kinds = providerDefinitions.filter(({ deployOptions }) => deployOptions !== null);
  const known = [...names, ...kinds.map(kindWord)];
  const wrong = Object.keys(fields).find((field) => !known.includes(field));
  if (wrong === undefined) return;
  const meant = nearest(wrong, known);
  throw usage(
    `${JSON.stringify(wrong)} is no field of a deploy${meant === null ? '' : ` (is it ${JSON.stringify(meant)}?)`}; the fields are ${known.join(', ')}.`,
  );
}

/** True where there is a model. The server checks the types of all fields, and names the wrong one. */
function hasModel(
  input: Fields,
): input is Fields & Omit<DeployJobInput, 'provider'> & { provider?: string } {
  return input.modelName != null;
}

/** Merges items, each of which is `KEY=VALUE`, a JSON object or `@FILE`; later ones replace earlier ones. */
async function readConfig(items: readonly string[]): Promise<Fields> {
  let config: Fields = {};
  // A spread keeps a key named __proto__, which an assignment would not.
  for (const item of items) config = { ...config, ...(await readConfigItem(item)) };
  return config;
}

async function readConfigItem(item: string): Promise<Fields> {
  if (item.startsWith('@')) return readFields(item.slice(1));
  if (item.trimStart().startsWith('{')) return parseFields(item, '--config');
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
  if (key === undefined || value === undefined) {
    throw usage(`--config is ${JSON.stringify(item)}: give KEY=VALUE, a JSON object or @FILE.`);
  }
  return { [key]: jsonOrText(value) };
}

function jsonOrText(value: string): unknown {
  try {
    return parseExactJson(value);
  } catch {
    return value;
  }
}

/** Reads `NAME=VALUE`, or `NAME` alone for the value of a variable here, so that secrets stay off the command line. */
function readEnv(items: readonly string[], environment: NodeJS.ProcessEnv) {
  return items.map((item) => {
    const at = item.indexOf('=');
    const name = at === -1 ? item : item.slice(0, at);
    const value = at === -1 ? environment[name] : item.slice(at + 1);
    if (name !== '' && value !== undefined) return { name, value };
    throw usage(`--env ${item}: give NAME=VALUE, or the NAME of a variable that is set here.`);
  });
}

/** The options that only one kind understands, under its word: the file's, which flags replace. */
function optionsOfKinds(
  { fields, flags, ofKinds }: { fields: Fields; flags: Fields; ofKinds: readonly KindFlag[] },
  environment: NodeJS.ProcessEnv,
): Fields {
  const merged: Record<string, Fields> = {};
  for (const { option, word, field, isEnvironment } of ofKinds) {
    const value = flags[option.attributeName()];
    if (value === undefined) continue;
    const given = isEnvironment && isTexts(value) ? readEnv(value, environment) : value;
    merged[word] = { ...asFields(fields[word]), ...merged[word], [field]: given };
  }
  return merged;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

async function readFields(path: string): Promise<Fields> {
  let content: string;
  try {
    content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`${path} cannot be read: ${messageOf(error)}`, error);
  }
  return parseFields(content, path);
}

/** Turns bigints into numbers where a number can hold the same value. */
function withExactNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return exactNumber(String(value));
  if (Array.isArray(value)) return value.map(withExactNumbers);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withExactNumbers(inner)]),
  );
}

/** Parses YAML, of which JSON is a part. */
function parseFields(content: string, origin: string): Fields {
  let value: unknown;
  try {
    value = withExactNumbers(parse(content, { prettyErrors: false, intAsBigInt: true }));
  } catch (error) {
    throw usage(`${origin} is neither JSON nor YAML: ${messageOf(error).split('\n', 1)[0]}`, error);
  }
  if (isFields(value)) return value;
  throw usage(`${origin} holds no object, such as \`modelName: tiny\`.`);
}

async function onlyProvider(api: Api): Promise<string> {
  const { providers } = await api.ask(ProvidersDocument, {});
  const [first, ...others] = providers;
  if (first && others.length === 0) return first.name;
  throw usage(
    first
      ? `Choose where to run: --provider ${providers.map(({ name }) => name).join(' or ')}.`
      : 'The server has no provider to run a job: add one to its trainyard.config.json.',
  );
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function usage(message: string, cause?: unknown): CommandError {
  return new CommandError(exitCode.usage, message, { cause });
}
