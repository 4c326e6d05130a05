import type { JobFolder } from '../disk/job-folder.ts';
import { JobMetrics } from './job-metrics.ts';
import { byteOf, LogCuts } from './log-cuts.ts';
import { LogFile } from './log-file.ts';
import { LogIndex } from './log-index.ts';
import { LogMark, type Mark } from './log-mark.ts';

/** The files of one log. */
export interface LogParts {
  file: LogFile;
  mark: LogMark;
  cuts: LogCuts;
  index: LogIndex;
  metrics: JobMetrics;
}

export interface OpenedParts {
  parts: LogParts;
  /** How far an earlier server read the present part of the log; null if it read nothing of it. */
  found: Mark | null;
  /** True if the file no longer holds the bytes that were read. */
  isCut: boolean;
}

/** Opens the files of a log and checks whether the log was cut. `end` is the log's length if its job is over. */
export async function openParts(folder: JobFolder, end: number | null): Promise<OpenedParts> {
  await using opened = new AsyncDisposableStack();
  const own = <T extends { close(): Promise<void> }>(it: T) => opened.adopt(it, () => it.close());
  const file = own(await LogFile.open(folder));
  const mark = own(await LogMark.open(folder.mark));
  const cuts = own(await LogCuts.open(folder.cuts));
  const metrics = own(await JobMetrics.open(folder.metrics));
  const { part } = cuts;
  const found = mark.found !== null && mark.found.position > part.position ? mark.found : null;
  const isCut = found !== null && !(await file.matches(found.print, byteOf(part, found.position)));
  const size = part.position + (await file.size()) - part.from;
  const bound = isCut ? found.position : (end ?? size);
  const index = own(await LogIndex.open(folder.index, bound));
  opened.move();
  return { parts: { file, mark, cuts, index, metrics }, found, isCut };
}

export async function closeParts(parts: LogParts): Promise<void> {
  await parts.metrics.save().catch(() => {});
  await parts.cuts.flush().catch(() => {});
  await Promise.allSettled(Object.values(parts).map((part) => part.close()));
}
