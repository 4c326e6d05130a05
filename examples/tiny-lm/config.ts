import { readFile } from 'node:fs/promises';

export interface Config {
  seed: number;
  epochs: number;
  learning_rate: number;
  /** Samples a step. */
  batch_size: number;
  /** Exactly so many steps, whatever `epochs` says. */
  steps: number | null;
  /** Steps between two reports of the loss. */
  logging_steps: number;
  /** Steps between two checkpoints. */
  save_steps: number;
}

/** Reads a JSON file of any of these values, the defaults where there is no path; an error names what is wrong, a warning what means nothing. */
export async function loadConfig(path: string | null): Promise<Config> {
  if (path === null) return parseConfig({});
  try {
    const input: unknown = JSON.parse(await readFile(path, 'utf8'));
    const config = parseConfig(input);
    const unknown = Object.keys(Object(input)).filter((key) => !Object.hasOwn(config, key));
    if (unknown.length > 0) {
      const known = Object.keys(config).join(', ');
      console.warn(
        `Warning: ${unknown.join(', ')} of the config is not known here; known: ${known}`,
      );
    }
    return config;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the config ${path} is unusable: ${reason}`, { cause });
  }
}

/** Checks a config; keys that mean nothing here are ignored. */
export function parseConfig(input: unknown): Config {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new Error('it must be a JSON object');
  }
  const given = new Map<string, unknown>(Object.entries(input));
  const whole = (name: keyof Config, bounds: Bounds) => numberOf(given, name, bounds, true);
  return {
    seed: whole('seed', { usual: 42, least: 0, most: 2 ** 32 - 1 }),
    epochs: whole('epochs', { usual: 12, least: 1, most: 1000 }),
    learning_rate: numberOf(given, 'learning_rate', { usual: 0.005, least: 1e-9, most: 1 }),
    batch_size: whole('batch_size', { usual: 8, least: 1, most: 4096 }),
    steps: given.get('steps') == null ? null : whole('steps', { usual: 1, least: 1, most: 1e7 }),
    logging_steps: whole('logging_steps', { usual: 100, least: 1, most: 1e7 }),
    save_steps: whole('save_steps', { usual: 5000, least: 1, most: 1e7 }),
  };
}

interface Bounds {
  usual: number;
  least: number;
  most: number;
}

function numberOf(
  given: ReadonlyMap<string, unknown>,
  name: keyof Config,
  { usual, least, most }: Bounds,
  whole = false,
): number {
  const value = given.get(name) ?? usual;
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (fits && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw new Error(`${name} must be ${kind} from ${least} to ${most}, not ${JSON.stringify(value)}`);
}
