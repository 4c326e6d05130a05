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
 * Fills the placeholders of one text; other braces stay as they are. A value that is no string is
 * written as JSON. Fails with `BAD_USER_INPUT` where the job has nothing to put in.
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

/** No argument holds a NUL, and with U+0001 the places of paths are marked that only a pod knows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unfit = /[\0\u0001]/;

/** What a caller says, not what stands for a path. */
function isOfJob(name: string, key: string | undefined): boolean {
  return key !== undefined || name === 'dataset' || name === 'model';
}

const names = ['config', 'dataset', 'model', 'output', 'job'] as const;

/**
 * The placeholder of a text that is none, though it was surely meant to be one, and the one that was meant:
 * `{confg}`. Braces of scripts, which hold spaces, and of shells, `${job}`, are their own.
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
