import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Stretch } from '../../core/curve.ts';
import type { LogGap, MetricPoint, MetricSeries, PlacedBlock } from '../../core/log.ts';
import type {
  Append,
  Lease,
  LogExtent,
  LogHead,
  LogSection,
  LogStore,
  ScanOptions,
  ScanStretch,
  SourceLines,
  StretchOptions,
} from '../../core/store.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { damagedHead } from '../damage.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { Connection } from './connection.ts';
import { type GapRow, gapColumns, toldGap } from './gap-rows.ts';
import { type HeadRow, headColumns, soundHead } from './head-row.ts';
import { Indexer } from './indexer.ts';
import { JournalSweep } from './journal-sweep.ts';
import { LogMender } from './log-mender.ts';
import { LogShapes } from './log-shape.ts';
import { LogWriter } from './log-writer.ts';
import type { SqliteMetrics } from './metrics.ts';
import { ScanPlanner } from './scan-plan.ts';
import { Scanner } from './scanner.ts';
import { SealedLines } from './sealed-lines.ts';
import { SectionRows } from './section-rows.ts';
import { SoundRows } from './sound-rows.ts';
import { Tail } from './tail.ts';

/** Sections that are read at a time. */
const sectionsPerRead = 32;
/** The most gaps that one call returns. */
const maxGaps = 1000;

const emptyExtent: LogExtent = { total: 0, complete: false, isProven: true };
const emptyHead: LogHead = { total: 0, cursor: null, collectorState: null, complete: false };

/** The logs of a SQLite store. */
export class SqliteLogs implements LogStore {
  readonly #connection: Connection;
  readonly #metrics: SqliteMetrics;
  readonly #resources: SqliteMetrics;
  readonly #writer: LogWriter;
  readonly #sections: SectionRows;
  readonly #sweep: JournalSweep;
  readonly #shapes: LogShapes;
  readonly #reader: ChunkReader;
  readonly #scanner: Scanner;
  readonly #indexer: Indexer;
  readonly #mender: LogMender;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(
    connection: Connection,
    { metrics, resources }: { metrics: SqliteMetrics; resources: SqliteMetrics },
    options: { compress: boolean; logger: Logger | undefined; now: () => number },
  ) {
    this.#connection = connection;
    this.#metrics = metrics;
    this.#resources = resources;
    const { logger, now } = options;
    const tail = new Tail(connection, options);
    const rows = new SoundRows(connection);
    const sections = new SectionRows(connection);
    const sealed = new SealedLines(connection, sections);
    const indexer = new Indexer(connection, { sealed, sections, logger });
    const planner = new ScanPlanner(sections, (seq, first) => indexer.renew(seq, first));
    const sweep = new JournalSweep(connection, tail, logger);
    this.#sections = sections;
    this.#indexer = indexer;
    this.#sweep = sweep;
    this.#writer = new LogWriter(connection, { metrics, resources, tail, sweep, indexer, now });
    this.#shapes = new LogShapes(connection);
    this.#reader = new ChunkReader(rows);
    this.#scanner = new Scanner(connection, { rows, planner });
    this.#mender = new LogMender(connection);
    this.#sql = prepare(connection);
  }

  /** Takes up what earlier servers have left to be done in the background. */
  begin(): void {
    this.#sweep.begin();
  }

  /** Ends what is done in the background; the connection must have been told to stop. */
  async close(): Promise<void> {
    await this.#sweep.settled();
    await this.#indexer.close();
  }

  head(jobId: string): Promise<LogHead> {
    return this.#connection.read(() => {
      const seq = this.#sql.seq.get(jobId);
      if (seq === undefined) return emptyHead;
      const row = this.#sql.head.get(seq);
      if (row === undefined) throw damagedHead(jobId);
      const { total, cursor, carry, complete } = soundHead(jobId, row);
      return { total, cursor, collectorState: carry, complete: complete === 1 };
    });
  }

  extent(jobId: string): Promise<LogExtent> {
    return this.#connection.read(() => {
      const shape = this.#shapes.of(jobId);
      if (shape === undefined) return emptyExtent;
      return { total: shape.total, complete: shape.complete, isProven: shape.isProven };
    });
  }

  measure(lease: Lease, points: readonly MetricPoint[]): Promise<void> {
    return this.#writer.measure(lease, points);
  }

  append(lease: Lease, batch: Append): Promise<LogHead> {
    return this.#writer.append(lease, batch);
  }

  complete(lease: Lease): Promise<LogHead> {
    return this.#writer.complete(lease);
  }

  read(
    jobId: string,
    options: { offset: number; limit: number; maxChars: number },
  ): Promise<PlacedBlock> {
    return this.#connection.read(() => this.#reader.page(jobId, options));
  }

  /** Some at a time, so that a long log holds nobody up. */
  async *sections(jobId: string): AsyncGenerator<LogSection, void, undefined> {
    let next = 0;
    for (;;) {
      const some = await this.#connection.read(() => {
        const log = this.#shapes.of(jobId);
        if (log === undefined) return [];
        const known = this.#sections.from(log, next).take(sectionsPerRead).toArray();
        return known.filter(({ end }) => end <= log.total);
      });
      for (const { first, end, filter } of some) {
        if (filter !== null && first >= next)
          yield { first, parts: filter.parts, levels: filter.levels };
        next = end;
      }
      if (some.length < sectionsPerRead) return;
      await nextTurn();
    }
  }

  scan(jobId: string, options: ScanOptions): AsyncIterable<ScanStretch> {
    return this.#scanner.scan(jobId, options);
  }

  mend(jobId: string, line: number, fetch: SourceLines): Promise<boolean> {
    return this.#mender.mend(jobId, line, fetch);
  }

  gaps(jobId: string, range: { from: number; to: number }): Promise<LogGap[]> {
    return this.#connection.read(() =>
      this.#sql.gaps.all(jobId, range.from, range.to, maxGaps).map((row) => toldGap(jobId, row)),
    );
  }

  metrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]> {
    return this.#metrics.series(jobId, options);
  }

  resources(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]> {
    return this.#resources.series(jobId, options);
  }

  newMetrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number; seen: readonly number[] },
  ): Promise<{ series: MetricSeries[]; counts: number[] }> {
    return this.#metrics.newSeries(jobId, options);
  }

  stretches(jobId: string, { of, ...options }: StretchOptions): Promise<readonly Stretch[]> {
    const series = of === 'resources' ? this.#resources : this.#metrics;
    return series.stretches(jobId, options);
  }
}

function prepare({ db }: Connection) {
  return {
    seq: db.prepare<[string], number>('SELECT seq FROM jobs WHERE id = ?').pluck(),
    head: db.prepare<[number], HeadRow>(`SELECT ${headColumns} FROM logs WHERE seq = ?`),
    gaps: db.prepare<[string, number, number, number], GapRow>(`
      SELECT ${gapColumns} FROM gaps
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?) AND line BETWEEN ? AND ?
      ORDER BY line, id LIMIT ?`),
  };
}
