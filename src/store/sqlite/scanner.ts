import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LineRun, PlacedBlock } from '../../core/log.ts';
import type { LineNeeds } from '../../core/needs.ts';
import type { ScanOptions, ScanStretch } from '../../core/store.ts';
import { runsOf, textOf } from '../chunk.ts';
import { splitLines } from '../line-text.ts';
import { sliceRuns } from '../runs.ts';
import { type SectionQuery, sectionQuery } from '../search-index/query.ts';
import type { Connection } from './connection.ts';
import type { LogShape } from './log-shape.ts';
import type { PlacedChunk } from './placed-chunk.ts';
import type { ScanPlanner, ScanStep } from './scan-plan.ts';
import type { SoundRows } from './sound-rows.ts';

/** A scan lets others go on after this long. */
const turnMs = 4;
/** Chunks that a scan takes from the database at a time. */
const chunksPerFetch = 8;

/** Goes through the lines of a SQLite store; of damaged ones it reads none. */
export class Scanner {
  readonly #connection: Connection;
  readonly #rows: SoundRows;
  readonly #planner: ScanPlanner;

  constructor(connection: Connection, parts: { rows: SoundRows; planner: ScanPlanner }) {
    this.#connection = connection;
    this.#rows = parts.rows;
    this.#planner = parts.planner;
  }

  /** As `LogStore.scan` promises. Keeps nothing open between two stretches. */
  async *scan(jobId: string, options: ScanOptions): AsyncGenerator<ScanStretch, void, undefined> {
    const { backwards = false, needs, maybe, signal } = options;
    const query = needs && sectionQuery(needs);
    let steps: ScanStep[] = [];
    let next = options.from;
    let turnEndsAt = performance.now() + turnMs;
    while (!backwards || next > 0) {
      signal?.throwIfAborted();
      if (steps.length === 0) steps = await this.#plan(jobId, { next, backwards, query });
      // Looked up by line number each time: meanwhile raw rows may have become one chunk.
      const part = await this.#connection.read(() =>
        this.#rows.atOneMoment(jobId, (log) => {
          if (backwards) next = Math.min(next, log.total);
          return this.#part(log, { next, backwards, step: steps[0] });
        }),
      );
      if (part === undefined || part.length === 0) return;
      for (const chunk of part) {
        const first = backwards ? chunk.first : next;
        const end = backwards ? next : chunk.first + chunk.count;
        const range = { first, count: end - first };
        yield {
          ...range,
          ...('text' in chunk ? read(chunk, range, { needs, maybe }) : passedOver),
        };
        next = backwards ? first : end;
        if (performance.now() >= turnEndsAt) {
          await nextTurn();
          signal?.throwIfAborted();
          turnEndsAt = performance.now() + turnMs;
        }
      }
      const at = next;
      steps = steps.filter(({ to }) => (backwards ? to < at : to > at));
    }
  }

  /** Not of the moment in which chunks are read: sections never change, and damage of theirs is not to harm that. */
  async #plan(
    jobId: string,
    { next, backwards, query }: Walk & { query: SectionQuery | undefined },
  ): Promise<ScanStep[]> {
    // Where nothing is needed, nothing can be passed over.
    const all = [{ to: backwards ? 0 : Number.POSITIVE_INFINITY, isRead: true }];
    if (!query) return all;
    return await this.#connection.read(() => {
      const log = this.#rows.atOneMoment(jobId, (shape) => shape);
      if (log === undefined) return all;
      if (backwards) return this.#planner.backwards(log, query, Math.min(next, log.total));
      return this.#planner.forwards(log, query, next);
    });
  }

  /** Some sound chunks of a step, or all that it passes over; none at the end of the log. */
  #part(
    log: LogShape,
    { next, backwards, step }: Walk & { step: ScanStep | undefined },
  ): (PlacedChunk | PassedOver)[] {
    if (step === undefined || (backwards && next === 0)) return [];
    if (!backwards && next >= log.total) return this.#rows.endOf(log, []);
    const { to, isRead } = step;
    if (!isRead) return [{ first: Math.min(next, to), count: Math.abs(to - next) }];
    if (backwards) return this.#fetchBack(log, next, to);
    return this.#fetch(log, next, Math.min(to, log.total));
  }

  #fetch(log: LogShape, next: number, end: number): PlacedChunk[] {
    const chunks = this.#rows.from(log, { next, end }).take(chunksPerFetch).toArray();
    if (chunks.length === 0) throw this.#rows.damageFrom(log, next);
    return chunks;
  }

  #fetchBack(log: LogShape, next: number, to: number): PlacedChunk[] {
    const chunks: PlacedChunk[] = [];
    for (const chunk of this.#rows.before(log, next).take(chunksPerFetch)) {
      chunks.push(chunk);
      if (chunk.first <= to) break;
    }
    if (chunks.length === 0) throw this.#rows.damageBefore(log, next);
    return chunks;
  }
}

interface Walk {
  next: number;
  backwards: boolean;
}

/** Lines that need not be read. */
interface PassedOver {
  first: number;
  count: number;
}

const passedOver = { block: null, isRead: false };

/** Some lines of a chunk. */
function read(
  chunk: PlacedChunk,
  { first, count }: { first: number; count: number },
  { needs, maybe }: Pick<ScanOptions, 'needs' | 'maybe'>,
): Pick<ScanStretch, 'block' | 'isRead'> {
  if (
    needs !== undefined &&
    isBounded(needs) &&
    !runsOf(chunk).some((run) => isWithin(run, needs))
  ) {
    return passedOver;
  }
  const text = textOf(chunk);
  if (maybe !== undefined && !maybe(text)) return { block: null, isRead: true };
  const from = first - chunk.first;
  const block: PlacedBlock = {
    first,
    lines: splitLines(text, from, from + count),
    runs: sliceRuns(runsOf(chunk), from, from + count),
  };
  return { block, isRead: true };
}

function isBounded({ since, until, sources }: LineNeeds): boolean {
  return Number.isFinite(since) || Number.isFinite(until) || sources !== null;
}

function isWithin({ time, source }: LineRun, { since, until, sources }: LineNeeds): boolean {
  if (time < since || time >= until) return false;
  return sources === null || (source !== null && sources.has(source));
}
