import type { LogFilter, LogLevel, ProgressChoice } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { LinePrinter } from '../follow/line-printer.ts';
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

/** Prints a job's log or follows it. Resolves to the exit code. */
export async function logs(
  context: CommandContext,
  given: string,
  options: LogsOptions,
): Promise<number> {
  const { follow, lines, offset, output } = options;
  const choice = choiceOf(options);
  if (follow && lines !== undefined && offset !== undefined) {
    throw usage('Give either --lines or --offset with --follow.');
  }
  if (follow && options.until) throw usage('Give --until without --follow.');
  const { api, screen } = context;
  const job = await findJob(api, given);
  const time = options.time ?? (options.timestamps ? 'utc' : null);
  const format = { output, time, start: job.startedAt ?? job.createdAt };
  if (!follow) {
    const printer = new LinePrinter(screen, format);
    const tellsHidden = options.progress === undefined;
    await printStored(context, printer, { jobId: job.id, ...choice, lines, offset, tellsHidden });
    return exitCode.ok;
  }
  const from = offset ?? (await lastLines(context, { jobId: job.id, lines, choice }));
  const { followJob } = await import('../follow/follow-job.ts');
  return followJob(context, job, { offset: from, flags: flagsOf(options), ...choice, ...format });
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
