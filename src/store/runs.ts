import type { LineRun, LogSource } from '../core/log.ts';

// The order is the stored form: append to it, never change it.
const sources: readonly (LogSource | null)[] = [null, 'STDOUT', 'STDERR', 'SYSTEM'];

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
    const delta = time - previous;
    putInteger(bytes, run.count);
    putInteger(bytes, delta < 0 ? -2 * delta - 1 : 2 * delta);
    putInteger(bytes, sources.indexOf(run.source));
    previous = time;
  }
  return Buffer.from(bytes);
}

/** The runs that `encodeRuns` has written. */
export function decodeRuns(bytes: Uint8Array): LineRun[] {
  const runs: LineRun[] = [];
  const reader = { bytes, at: 0 };
  let time = 0;
  while (reader.at < bytes.length) {
    const count = takeInteger(reader);
    const delta = takeInteger(reader);
    time += delta % 2 === 1 ? -(delta + 1) / 2 : delta / 2;
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

/** Adds runs at the end of others, joining those that say the same; empty runs are dropped. */
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

// Arithmetic instead of bit operations: times need more than 32 bits.
function putInteger(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function takeInteger(reader: { bytes: Uint8Array; at: number }): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
}
