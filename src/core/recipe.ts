import type { JsonObject } from './job.ts';

/**
 * What to run, by name. Operators write recipes; callers only choose one. What only one kind of provider
 * needs to know, such as an image, is in the recipe settings of its definition.
 *
 * In `command` and `env`, these placeholders are filled in for each job: `{config}` (path of a JSON
 * file with the job's config), `{dataset}`, `{model}`, `{output}` (a folder for what the job makes),
 * `{job}` (its id), `{config.KEY}` (one value of the config).
 */
export interface Recipe {
  /** The program and its arguments; no shell reads them. */
  command: readonly string[];
  /** Working folder; relative paths start at the folder of the configuration file. */
  cwd?: string | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  /** Used where a job names no data set of its own. */
  dataset?: string | undefined;
  /** Values that a job's config may override. */
  defaults?: JsonObject | undefined;
}
