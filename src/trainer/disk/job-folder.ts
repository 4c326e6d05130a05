import { statSync } from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';

/** A job's id is a folder's name: no separator, and no dot in front. */
export const jobIdPattern = /^(?!\.)[A-Za-z0-9._-]{1,128}$/;

/** The files of one job; all but the data set and the output are ours. */
export interface JobFolder {
  path: string;
  /** What was asked and what became of it; the server writes it. */
  record: string;
  /** Everything that the job prints; the job itself writes it. */
  log: string;
  /** Where lines begin in the log. */
  index: string;
  /** Up to where the log was read. */
  mark: string;
  /** Where the log's file was cut, and lines were lost. */
  cuts: string;
  /** What the log told of metrics. */
  metrics: string;
  /** The job's config as the job reads it. */
  config: string;
  dataset: string;
  output: string;
  /** What the runner shall start; it holds the job's token and is gone once the runner has read it. */
  plan: string;
  /** Whoever makes this file may start the job, and nobody else ever after. */
  claim: string;
  /** Which process the job is. */
  process: string;
  /** How it ended. */
  exit: string;
}

export function jobFolder(dataDir: string, id: string): JobFolder {
  return folderAt(path.join(dataDir, 'jobs', id));
}

/** The same, by the folder's own path. */
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

/** True once somebody has removed, or moved, the folder of an accepted job. */
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

/** The same with an empty log that keeps nothing. */
export function withoutLog(folder: JobFolder): JobFolder {
  return { ...folder, ...nothing };
}
