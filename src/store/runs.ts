import type { LineRun, LogSource } from '../core/log.ts';
import { putInteger, putSigned, takeInteger, takeSigned } from './integers.ts';

// The order is the stored form: append to it, never change it.
const sources: readonly (LogSource | null)[] = [null, 'STDOUT', 'STDERR', 'SYSTEM'];

/** A bit for a source, of a set of them. */
export function sourceBit(source: LogSource | null): number {
  return 1 << sources.indexOf(source);
}

// The year 73,000: no real time is beyond it, and twice the distance of two such times is exact.
const maxTime = 2 ** 51;

/**
 * Runs as bytes: for each run its count, the whole milliseconds since the run before it (the first:
 * since 1970) and its source, all as LEB128 integers, the times zigzag-coded.
 */
export function encodeRuns(runs: readonly LineRun[]): Buffer {
  const bytes: number[] = [];
  let previous = 0;
  for (const run of runs) {
    const time = Math.max(-maxTime, Math.min(maxTime, Math.round(run.time) || 0));
    putInteger(bytes, run.count);
    putSigned(bytes, time - previous);
    putInteger(bytes, sources.indexOf(run.source));
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
    runs.push({ count, time, source: sources[takeInteger(reader)] ?? null });
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
    if (count > 0) slice.push({ count, time: run.time, source: run.source });
    start = end;
    if (start >= to) break;
  }
  return slice;
}

/** Adds runs after others. Neighbours with the same time and source are joined, and empty runs are dropped. */
export function extendRuns(target: LineRun[], more: readonly LineRun[]): void {
  for (const run of more) {
    if (run.count === 0) continue;
    const last = target.at(-1);
    if (last !== undefined && last.time === run.time && last.source === run.source) {
      last.count += run.count;
    } else {
      target.push({ count: run.count, time: run.time, source: run.source });
    }
  }
}
