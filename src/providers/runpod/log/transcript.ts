import type { LogSource } from '../../../core/log.ts';
import type { LogBatch } from '../../../core/provider.ts';
import { linesOf } from '../../../lines/entry.ts';
import { timeOf } from '../api/wire.ts';
import { cursorOf, type LogPosition } from './cursor.ts';
import { type Marker, markerIn } from './marker.ts';
import type { Fresh, PodLine, Rejoin } from './rejoin.ts';

const holeReason = 'RunPod no longer had the lines before this one when its log was read on';

/**
 * Turns the events of a pod's log into the lines of its job. It takes out the wrapper's reports of the training's
 * beginning and end, and drops all events after the end.
 */
export class Transcript {
  readonly #jobId: string;
  #position: LogPosition;
  #time: number;

  constructor(jobId: string, position: LogPosition) {
    this.#jobId = jobId;
    this.#position = { ...position };
    this.#time = timeOf(position.newest?.ts) ?? Date.now();
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** The batch with the lines that `rejoin` has just let through. */
  take(fresh: Fresh, { newest, kept }: Rejoin): LogBatch {
    const batch: LogBatch = { lines: [], runs: [], cursor: '', gaps: [] };
    if (fresh.hole) batch.gaps?.push({ before: 0, reason: holeReason });
    for (const event of fresh.events) {
      // A line without a time is as old as the one before it.
      this.#time = timeOf(event.ts) ?? this.#time;
      const marker = event.source === 'container' ? markerIn(event.line, this.#jobId) : null;
      if (marker !== null) this.#heed(marker, batch);
      else this.#add(event, batch);
      if (this.#position.end !== null) break;
    }
    this.#position = { ...this.#position, newest, kept };
    return { ...batch, cursor: cursorOf(this.#position) };
  }

  #add({ source, line }: PodLine, batch: LogBatch): void {
    const isSystem = source === 'system';
    if (!isSystem) this.#position.printed += 1;
    // RunPod does not tell a container's stdout from its stderr.
    push(batch, linesOf(line), { time: this.#time, source: isSystem ? 'SYSTEM' : null });
  }

  #heed(marker: Marker, batch: LogBatch): void {
    const position = this.#position;
    const time = this.#time;
    if (marker.kind === 'begin') {
      // The image itself has printed the lines before this one, which the wrapper does not count.
      if (position.run === null) this.#position = { ...position, run: marker.run, printed: 0 };
      else if (position.run !== marker.run) position.end = { exitCode: 'restarted', time };
      return;
    }
    position.end = { exitCode: marker.exitCode, time };
    const missing = (marker.lines ?? 0) - position.printed;
    if (missing <= 0) return;
    const reason = `RunPod's log has left out ${missing} of the ${marker.lines} lines that the job has printed`;
    batch.gaps?.push({ before: batch.lines.length, reason });
  }
}

function push(
  batch: LogBatch,
  lines: readonly string[],
  run: { time: number; source: LogSource | null },
): void {
  if (lines.length === 0) return;
  batch.lines.push(...lines);
  const last = batch.runs.at(-1);
  if (last?.time === run.time && last.source === run.source) last.count += lines.length;
  else batch.runs.push({ ...run, count: lines.length });
}
