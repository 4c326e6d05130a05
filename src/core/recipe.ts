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
  /** What it is for, in a sentence. */
  description?: string | undefined;
  /** A JSON Schema of the config, over `defaults`. A job with another config is refused. */
  configSchema?: JsonObject | undefined;
}

/** What callers are told of a recipe. A field is null where it is not known, or the recipe has none. */
export interface RecipeFacts {
  name: string;
  description: string | null;
  /** The path of the data set of a job that names none, on the machine that trains. */
  dataset: string | null;
  defaults: JsonObject;
  configSchema: JsonObject | null;
}

/** What callers are told of recipes. */
export function recipeFacts(recipes: Readonly<Record<string, Recipe>>): RecipeFacts[] {
  return Object.entries(recipes).map(([name, recipe]) => ({
    name,
    description: recipe.description ?? null,
    dataset: recipe.dataset ?? null,
    defaults: recipe.defaults ?? {},
    configSchema: recipe.configSchema ?? null,
  }));
}

/** All that is known of a recipe of which only the name is known. */
export function bareFacts(name: string): RecipeFacts {
  return { name, description: null, dataset: null, defaults: {}, configSchema: null };
}
