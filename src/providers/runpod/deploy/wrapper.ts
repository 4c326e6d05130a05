import { readFileSync } from 'node:fs';
import { fillTemplate } from '../../../core/fill-template.ts';
import type { NewJob } from '../../../core/job.ts';
import type { Recipe } from '../../../core/recipe.ts';

export interface WrapperOptions {
  recipe: Recipe;
  /** The recipe's files as a tar.gz; null where it has none. */
  files: Buffer | null;
  /** How long the pod waits, after the training, for Trainyard to terminate it. */
  graceSeconds: number;
  /** Where the pod reaches RunPod's API. */
  apiUrl: string;
}

/** The paths that only the pod knows; see `fillTemplate` in wrapper.sh. */
const paths = { config: '\u0001config\u0001', output: '\u0001output\u0001' };

/**
 * What a pod starts instead of its image's own command: the wrapper that comes in the environment, in
 * the shell that heeds signals from its first words on. What may follow as arguments is not looked at.
 */
export const wrapperEntrypoint = [
  'bash',
  '-c',
  `trap TRAINYARD_STOPPED=1 TERM INT; eval "$(printf %s "$TRAINYARD_WRAPPER" | base64 -d)"`,
];

/** Reads the wrapper, as `environmentOf` sends it along: without its comments, for want of room. */
export function readWrapper(): string {
  const lines = readFileSync(new URL('./wrapper.sh', import.meta.url), 'utf8').split('\n');
  const code = lines.filter((line) => !/^\s*(?:#|$)/.test(line));
  return Buffer.from(code.join('\n')).toString('base64');
}

/**
 * The environment that tells the wrapper what to run. Fails with `BAD_USER_INPUT` where the recipe
 * cannot be filled for this job.
 */
export function environmentOf(
  job: NewJob,
  wrapper: string,
  options: WrapperOptions,
): Record<string, string> {
  const { recipe, files, graceSeconds, apiUrl } = options;
  const config = { ...recipe.defaults, ...job.config };
  const dataset = job.datasetPath ?? recipe.dataset ?? null;
  const filling = { ...paths, dataset, model: job.modelName, job: job.id, values: config };
  const own = Object.entries(recipe.env ?? {}).map(([name, value]) => [
    name,
    fillTemplate(value, filling),
  ]);
  const variables = {
    PYTHONUNBUFFERED: '1',
    TERM: 'dumb', // no cursor movements: the log is a file
    COLUMNS: '120',
    ...Object.fromEntries(own),
    JOB_MODEL: job.modelName,
    ...(dataset === null ? {} : { JOB_DATASET: dataset }),
  };
  return {
    TRAINYARD_WRAPPER: wrapper,
    TRAINYARD_JOB: job.id,
    TRAINYARD_COMMAND: base64(list(recipe.command.map((word) => fillTemplate(word, filling)))),
    TRAINYARD_ENV: base64(
      list(Object.entries(variables).map(([name, value]) => `${name}=${value}`)),
    ),
    TRAINYARD_CONFIG: base64(JSON.stringify(config)),
    ...(files === null ? {} : { TRAINYARD_FILES: files.toString('base64') }),
    TRAINYARD_GRACE_SECONDS: String(graceSeconds),
    TRAINYARD_API_URL: apiUrl,
  };
}

function list(words: readonly string[]): string {
  return words.map((word) => `${word.replaceAll('\0', '')}\0`).join('');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
