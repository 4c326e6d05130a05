import type { JobFragment, LogFilter, LogLevel, ProgressChoice } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { labelsOf } from '../follow/labels.ts';
import { type LineFormat, LinePrinter } from '../follow/line-printer.ts';
import { shellWord } from '../invocation.ts';
import type { TimeFormat } from '../screen/line-time.ts';
import { findJob } from '../server/find-job.ts';
import { type Choice, wanted } from '../stored/choice.ts';
import { offsetOfLast, totalOf } from '../stored/pages.ts';
import { printStored } from '../stored/print-stored.ts';

export interface LogsOptions {
  follow?: boolean;
  lines?: number;
  offset?: number;
  grep?: string;
  exclude?: string;
  level?: LogLevel;
  since?: Date;
  until?: Date;
  context?: number;
  beforeContext?: number;
  afterContext?: number;
  /** False for `--no-progress`. */
  progress?: ProgressChoice | false;
  timestamps?: boolean;
  time?: TimeFormat;
  output: 'text' | 'json';
}

/** Prints jobs' logs or follows them. Resolves to the exit code. */
export async function logs(
  context: CommandContext,
  given: readonly string[],
  options: LogsOptions,
): Promise<number> {
  const { follow, lines, offset, output } = options;
  const choice = choiceOf(options);
  if (follow && lines !== undefined && offset !== undefined) {
    throw usage('Give either --lines or --offset with --follow.');
  }
  if (follow && options.until) throw usage('Give --until without --follow.');
  const jobs = await findJobs(context, given);
  const format = { output, time: options.time ?? (options.timestamps ? 'utc' : null) };
  if (!follow) {
    await printAll(context, jobs, { ...options, choice, format });
    return exitCode.ok;
  }
  const offsets = await Promise.all(
    jobs.map(({ id }) => offset ?? lastLines(context, { jobId: id, lines, choice })),
  );
  const flags = flagsOf(options);
  const [job, ...others] = jobs;
  if (job && others.length === 0) {
    const { followJob } = await import('../follow/follow-job.ts');
    const start = startOf(job);
    return followJob(context, job, { offset: offsets[0] ?? 0, flags, ...choice, ...format, start });
  }
  const { followJobs } = await import('../follow/follow-jobs.ts');
  return followJobs(context, jobs, { offsets, flags, ...choice, format });
}

/** The jobs that are meant, each once. */
async function findJobs({ api }: CommandContext, given: readonly string[]): Promise<JobFragment[]> {
  const found = await Promise.all(given.map((each) => findJob(api, each)));
  return [...new Map(found.map((job) => [job.id, job])).values()];
}

/** Prints the stored logs, one after the other. */
async function printAll(
  context: CommandContext,
  jobs: readonly JobFragment[],
  options: LogsOptions & { choice: Choice; format: Pick<LineFormat, 'output' | 'time'> },
): Promise<void> {
  const { choice, format, lines, offset, progress } = options;
  const labels = jobs.length > 1 ? labelsOf(context.screen, jobs) : [];
  for (const [at, job] of jobs.entries()) {
    const shown = { ...format, start: startOf(job), label: labels[at] };
    const printer = new LinePrinter(context.screen, shown);
    const tellsHidden = progress === undefined && jobs.length === 1;
    await printStored(context, printer, { jobId: job.id, ...choice, lines, offset, tellsHidden });
  }
}

function startOf({ startedAt, createdAt }: JobFragment): string {
  return startedAt ?? createdAt;
}

/** Where the last lines begin that a follower wants to see first. */
async function lastLines(
  { api }: CommandContext,
  { jobId, lines, choice }: { jobId: string; lines: number | undefined; choice: Choice },
): Promise<number> {
  if (lines === undefined) return 0;
  const to = await totalOf(api, jobId);
  if (lines === 0) return to;
  return offsetOfLast(api, { jobId, filter: wanted(choice), to, count: lines });
}

/** What the options choose. Throws for lines around matches where nothing is matched. */
function choiceOf(options: LogsOptions): Choice {
  const { grep, exclude, level, since, until, context = 0, progress = 'LAST' } = options;
  const { beforeContext: before = context, afterContext: after = context } = options;
  const filter = filterOf({
    exclude,
    since: since?.toISOString(),
    until: until?.toISOString(),
    progress: progress === false ? 'NONE' : progress === 'ALL' ? undefined : progress,
  });
  const match = filterOf({ regex: grep, minLevel: level });
  if (match) return { filter, matching: { match, before, after } };
  if (before + after > 0) throw usage('Give --grep or --level with -A, -B or -C.');
  return { filter, matching: null };
}

/** A filter of the conditions that are set; null where none is. */
function filterOf(conditions: { [Name in keyof LogFilter]?: LogFilter[Name] | undefined }) {
  const set = Object.entries(conditions).filter(([, value]) => value !== undefined);
  return set.length === 0 ? null : Object.fromEntries(set);
}

/** The options that choose and show lines, as they can be typed. */
function flagsOf(options: LogsOptions): string {
  const { grep, exclude, level, since, context, beforeContext, afterContext } = options;
  const { progress, timestamps, time, output } = options;
  const values = {
    '--grep': grep,
    '--exclude': exclude,
    '--level': level?.toLowerCase(),
    '--since': since?.toISOString(),
    '-C': context,
    '-B': beforeContext,
    '-A': afterContext,
    '--progress': progress ? progress.toLowerCase() : undefined,
    '--time': time,
    '-o': output === 'text' ? undefined : output,
  };
  const words = Object.entries(values).flatMap(([flag, value]) =>
    value === undefined ? [] : [flag, shellWord(String(value))],
  );
  if (progress === false) words.push('--no-progress');
  if (timestamps) words.push('-t');
  return words.map((word) => ` ${word}`).join('');
}

function usage(message: string): CommandError {
  return new CommandError(exitCode.usage, message);
}
