/**
 * What to run, by name. Operators write recipes; callers only choose one.
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
  defaults?: Readonly<Record<string, unknown>> | undefined;

  /** The container image; what follows is for rented pods alone, and a caller may choose otherwise. */
  image?: string | undefined;
  /**
   * Files and folders, relative to `cwd`, that travel to the pod, where the command runs beside them;
   * without any it runs in the image's own working folder. Small ones: some 90 KiB when compressed.
   */
  files?: readonly string[] | undefined;
  /** The GPU's type by the provider's name; of several the first that is to be had. */
  gpuType?: string | readonly string[] | undefined;
  gpuCount?: number | undefined;
  /** The container's disk, in GB; gone with the pod. */
  diskGb?: number | undefined;
  /** A disk that outlives a restart of the pod, in GB; 0 for none. */
  volumeGb?: number | undefined;
  cloud?: 'SECURE' | 'COMMUNITY' | undefined;
  /** Where to look for room, in this order; everywhere where there are none. */
  dataCenterIds?: readonly string[] | undefined;
}
