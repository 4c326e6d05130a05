import { statSync } from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';

/** A job's id is a folder's name: no separator, and no dot in front. */
export const jobIdPattern = /^(?!\.)[A-Za-z0-9._-]{1,128}$/;

/** The files of one job. The job itself writes the log and the output, the server and the runner all others. */
export interface JobFolder {
  path: string;
  /** The job's record. */
  record: string;
  /** Everything that the job prints. */
  log: string;
  /** Where lines begin in the log. */
  index: string;
  /** How far the log was read. */
  mark: string;
  /** Where the log was cut, and where lines were lost. */
  cuts: string;
  /** The metrics that the log told. */
  metrics: string;
  /** The job's config as the job reads it. */
  config: string;
  dataset: string;
  output: string;
  /** What the runner must start. It holds the job's token, so the runner removes it after reading it. */
  plan: string;
  /** Whoever creates this file may start the job. Nobody else ever may. */
  claim: string;
  /** Which process the job is. */
  process: string;
  /** How the job ended. */
  exit: string;
}

export function jobFolder(dataDir: string, id: string): JobFolder {
  return folderAt(path.join(dataDir, 'jobs', id));
}

/** The files of the job in this folder. */
export function folderAt(folder: string): JobFolder {
  const at = (name: string) => path.join(folder, name);
  return {
    path: folder,
    record: at('job.json'),
    log: at('log'),
    index: at('log.index'),
    mark: at('log.mark'),
    cuts: at('log.cuts'),
    metrics: at('log.metrics'),
    config: at('config.json'),
    dataset: at('dataset'),
    output: at('output'),
    plan: at('plan.json'),
    claim: at('claim.json'),
    process: at('process.json'),
    exit: at('exit.json'),
  };
}

/** True if somebody has removed or moved the folder of an accepted job. */
export function isRemoved(folder: JobFolder): boolean {
  return statSync(folder.record, { throwIfNoEntry: false }) === undefined;
}

const nothing = {
  log: devNull,
  index: devNull,
  mark: devNull,
  cuts: devNull,
  metrics: devNull,
} as const;

/** The same folder with an empty log that keeps nothing. */
export function withoutLog(folder: JobFolder): JobFolder {
  return { ...folder, ...nothing };
}
