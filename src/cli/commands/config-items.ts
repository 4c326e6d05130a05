import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { messageOf } from '../../core/errors.ts';
import { exactNumber, parseExactJson } from '../../lib/text/exact-json.ts';
import { CommandError, exitCode } from '../exit.ts';

/** What a file or a flag holds. */
export type Fields = Record<string, unknown>;

/** Merges items, each of which is `KEY=VALUE`, a JSON object or `@FILE`; later ones replace earlier ones. */
export async function readConfig(items: readonly string[]): Promise<Fields> {
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

/** Reads the object in a file of YAML or JSON; `-` is stdin. */
export async function readFields(path: string): Promise<Fields> {
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

/** The object, or an empty one for whatever else it is. */
export function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a command that is used wrongly. */
export function usage(message: string, cause?: unknown): CommandError {
  return new CommandError(exitCode.usage, message, { cause });
}
