import { readFileSync } from 'node:fs';
import { fillTemplate } from '../../../core/fill-template.ts';
import type { NewJob } from '../../../core/job.ts';
import type { Recipe } from '../../../core/recipe.ts';

export interface WrapperOptions {
  recipe: Recipe;
  /** The recipe's files as a tar.gz; null where it has none. */
  files: Buffer | null;
  /** How long the pod waits after the training for Trainyard to terminate it. */
  graceSeconds: number;
  /** The address at which the pod reaches RunPod's API. */
  apiUrl: string;
}

/** Marks for the paths that only the pod knows. `fillTemplate` in wrapper.sh replaces them. */
const paths = { config: '\u0001config\u0001', output: '\u0001output\u0001' };

/**
 * The command that a pod starts instead of its image's own. It runs the wrapper from the environment, and traps
 * signals before anything else. Any arguments are ignored.
 */
export const wrapperEntrypoint = [
  'bash',
  '-c',
  `trap TRAINYARD_STOPPED=1 TERM INT; eval "$(printf %s "$TRAINYARD_WRAPPER" | base64 -d)"`,
];

/** The wrapper in base64, as `environmentOf` needs it. Its comments are left out to save room. */
export function readWrapper(): string {
  const lines = readFileSync(new URL('./wrapper.sh', import.meta.url), 'utf8').split('\n');
  const code = lines.filter((line) => !/^\s*(?:#|$)/.test(line));
  return Buffer.from(code.join('\n')).toString('base64');
}

/**
 * The environment that tells the wrapper what to run. Throws `BAD_USER_INPUT` where the job has no value for one of
 * the recipe's placeholders.
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
