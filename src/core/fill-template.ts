import { nearest } from '../lib/text/nearest.ts';
import { TrainyardError } from './errors.ts';

/** What the placeholders of a recipe stand for in one job. */
export interface Filling {
  /** Path of the JSON file with the job's config. */
  config: string;
  dataset: string | null;
  model: string | null;
  /** The folder for what the job makes. */
  output: string;
  job: string;
  /** For `{config.KEY}`. */
  values: Readonly<Record<string, unknown>>;
}

/**
 * Fills in the placeholders of one text; other braces stay as they are. A value that is not a string is
 * written as JSON. Throws `BAD_USER_INPUT` where the job has no value for a placeholder, or one that holds a
 * control character which no argument can carry.
 */
export function fillTemplate(text: string, filling: Filling): string {
  return text.replace(placeholder, (whole, name: string, key: string | undefined) => {
    const value = key === undefined ? plain(name, filling) : configValue(key, filling.values);
    if (value === undefined || value === null) {
      const missing = key === undefined ? `a ${name}` : `a value for config.${key}`;
      throw new TrainyardError(
        'BAD_USER_INPUT',
        `the recipe needs ${missing} (${whole}), and the job has none`,
      );
    }
    const filled = typeof value === 'string' ? value : JSON.stringify(value);
    if (isOfJob(name, key) && unfit.test(filled)) {
      throw new TrainyardError(
        'BAD_USER_INPUT',
        `the ${key === undefined ? name : `value of config.${key}`} holds a control character (U+0000 or U+0001), which no command line can carry as it is: leave it out, or have the job read it from its config file`,
      );
    }
    return filled;
  });
}

/** An argument cannot hold a NUL. U+0001 marks where a path goes that only the pod knows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unfit = /[\0\u0001]/;

/** True for placeholders whose value the caller chose; the others stand for a path or an id. */
function isOfJob(name: string, key: string | undefined): boolean {
  return key !== undefined || name === 'dataset' || name === 'model';
}

const names = ['config', 'dataset', 'model', 'output', 'job'] as const;

/**
 * Finds a misspelt placeholder, such as `{confg}`, and the one that was probably meant; null for none. Texts
 * with spaces are taken for scripts, and `${job}` for a shell's variable: their braces are not judged.
 */
export function misspelt(text: string): { written: string; meant: string } | null {
  if (/\s/.test(text)) return null;
  for (const [written, name = ''] of text.matchAll(/(?<!\$)\{([A-Za-z]+)(?:\.[^{}]+)?\}/g)) {
    const meant = nearest(name, names);
    if (meant !== null && meant !== name) return { written, meant: `{${meant}}` };
  }
  return null;
}

const placeholder = /\{(config|dataset|model|output|job)(?:(?<=\{config)\.([^{}]+))?\}/g;

function plain(name: string, filling: Filling): string | null {
  switch (name) {
    case 'config':
      return filling.config;
    case 'dataset':
      return filling.dataset;
    case 'model':
      return filling.model;
    case 'output':
      return filling.output;
    default:
      return filling.job;
  }
}

function configValue(key: string, values: Readonly<Record<string, unknown>>): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
