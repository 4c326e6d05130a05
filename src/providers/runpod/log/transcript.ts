import type { LogSource } from '../../../core/log.ts';
import type { LogBatch } from '../../../core/provider.ts';
import { linesOf } from '../../../lines/entry.ts';
import { timeOf } from '../api/wire.ts';
import { cursorOf, type Newest, type Place } from './cursor.ts';
import { type Marker, markerIn } from './marker.ts';
import type { Fresh, PodEvent } from './rejoin.ts';

const holeReason = 'RunPod no longer had the lines before this one when its log was read on';

/**
 * Turns the events of a pod's log into lines, and takes out what the wrapper says of the training:
 * its beginning, and its end with the exit code. The events after the end are left.
 */
export class Transcript {
  readonly #jobId: string;
  #place: Place;

  constructor(jobId: string, place: Place) {
    this.#jobId = jobId;
    this.#place = { ...place };
  }

  get place(): Place {
    return this.#place;
  }

  /** The batch of events that were let through last; `newest` is the last of them. */
  take(fresh: Fresh, newest: Newest | null): LogBatch {
    const batch: LogBatch = { texts: [], runs: [], cursor: '', gaps: [] };
    if (fresh.hole) batch.gaps?.push({ before: 0, reason: holeReason });
    for (const event of fresh.events) {
      const marker = event.source === 'container' ? markerIn(event.line, this.#jobId) : null;
      if (marker !== null) this.#heed(marker, event, batch);
      else this.#add(event, batch);
      if (this.#place.end !== null) break;
    }
    this.#place = { ...this.#place, newest };
    return { ...batch, cursor: cursorOf(this.#place) };
  }

  #add({ ts, source, line }: PodEvent, batch: LogBatch): void {
    const isSystem = source === 'system';
    if (!isSystem) this.#place.printed += 1;
    const texts = linesOf(line);
    // A container's stdout and stderr come as one.
    push(batch, texts, { time: timeOf(ts) ?? Date.now(), source: isSystem ? 'SYSTEM' : null });
  }

  #heed(marker: Marker, { ts }: PodEvent, batch: LogBatch): void {
    const place = this.#place;
    const time = timeOf(ts) ?? Date.now();
    if (marker.kind === 'begin') {
      // What came before is an image's greeting, which the wrapper does not count.
      if (place.run === null) this.#place = { ...place, run: marker.run, printed: 0 };
      else if (place.run !== marker.run) place.end = { exitCode: 'restarted', time };
      return;
    }
    place.end = { exitCode: marker.exitCode, time };
    const missing = (marker.lines ?? 0) - place.printed;
    if (missing <= 0) return;
    const reason = `RunPod's log has left out ${missing} of the ${marker.lines} lines that the job has printed`;
    batch.gaps?.push({ before: batch.texts.length, reason });
  }
}

function push(
  batch: LogBatch,
  texts: readonly string[],
  run: { time: number; source: LogSource | null },
): void {
  if (texts.length === 0) return;
  batch.texts.push(...texts);
  const last = batch.runs.at(-1);
  if (last?.time === run.time && last.source === run.source) last.count += texts.length;
  else batch.runs.push({ ...run, count: texts.length });
}
