import type { LineRun, LogSource, ProgressMark } from '../core/log.ts';
import { putInteger, putSigned, takeInteger, takeSigned } from './integers.ts';

// The order is the stored form: append to it, never change it.
const sources: readonly (LogSource | null)[] = [null, 'STDOUT', 'STDERR', 'SYSTEM'];

/** A bit for a source, of a set of them. */
export function sourceBit(source: LogSource | null): number {
  return 1 << sources.indexOf(source);
}

// As above, from 1 on: 0 stands for none.
const marks: readonly (ProgressMark | undefined)[] = [undefined, 'DRAWN_OVER', 'LAST'];

/** The source is the lower four bits of its integer, what it is of a progress bar those above. */
const sourceBits = 4;

// The year 73,000: no real time is beyond it, and twice the distance of two such times is exact.
const maxTime = 2 ** 51;

/**
 * Runs as bytes: for each run its count, the whole milliseconds since the run before it (the first:
 * since 1970), and its source with what it is of a progress bar, all as LEB128 integers, the times zigzag-coded.
 */
export function encodeRuns(runs: readonly LineRun[]): Buffer {
  const bytes: number[] = [];
  let previous = 0;
  for (const run of runs) {
    const time = Math.max(-maxTime, Math.min(maxTime, Math.round(run.time) || 0));
    putInteger(bytes, run.count);
    putSigned(bytes, time - previous);
    putInteger(bytes, sources.indexOf(run.source) + (marks.indexOf(run.progress) << sourceBits));
    previous = time;
  }
  return Buffer.from(bytes);
}

/** Decodes what `encodeRuns` wrote. */
export function decodeRuns(bytes: Uint8Array): LineRun[] {
  const runs: LineRun[] = [];
  const reader = { bytes, at: 0 };
  let time = 0;
  while (reader.at < bytes.length) {
    const count = takeInteger(reader);
    time += takeSigned(reader);
    const kind = takeInteger(reader);
    const source = sources[kind & ((1 << sourceBits) - 1)] ?? null;
    const progress = marks[kind >> sourceBits];
    runs.push(progress ? { count, time, source, progress } : { count, time, source });
  }
  return runs;
}

/** The runs that cover the lines from `from` up to, not including, `to`. */
export function sliceRuns(runs: readonly LineRun[], from: number, to: number): LineRun[] {
  const slice: LineRun[] = [];
  let start = 0;
  for (const run of runs) {
    const end = start + run.count;
    const count = Math.min(end, to) - Math.max(start, from);
    if (count > 0) slice.push({ ...run, count });
    start = end;
    if (start >= to) break;
  }
  return slice;
}

/** Adds runs after others. Neighbours that differ in their counts alone are joined, and empty runs are dropped. */
export function extendRuns(target: LineRun[], more: readonly LineRun[]): void {
  for (const run of more) {
    if (run.count === 0) continue;
    const last = target.at(-1);
    if (last !== undefined && isLike(last, run)) last.count += run.count;
    else target.push({ ...run });
  }
}

function isLike(run: LineRun, other: LineRun): boolean {
  const { time, source, progress } = other;
  return run.time === time && run.source === source && run.progress === progress;
}
