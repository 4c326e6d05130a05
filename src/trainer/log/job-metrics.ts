import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { JobProgress } from '../../core/job.ts';
import { type MetricPoint, type NotFinite, notFiniteOf, notFinites } from '../../core/log.ts';
import { MetricsReader } from '../../lines/metrics.ts';

/** How many steps are remembered. The oldest are dropped in batches: finding a Map's first key is slow after each deletion. */
const maxRows = 10_000;
const rowsForgotten = 1000;
/** How many metrics have their newest value remembered. */
const maxNames = 256;
/** How many bytes at the file's end are read after a restart. */
const maxRestoredBytes = 4 * 1024 * 1024;
/** The file is written after so many lines, or after this time if anything is new. */
const linesPerSave = 20_000;
const msPerSave = 10_000;

const rowShape = z.object({
  step: z.number(),
  epoch: z.number().nullable(),
  /** Milliseconds since 1970, UTC. */
  time: z.number(),
  values: z.record(z.string(), z.number()),
  /** Values that are no finite numbers, by the word for each: JSON has none. */
  notFinite: z.record(z.string(), z.enum(notFinites)).default({}),
});
const savedShape = z.object({ line: z.number(), state: z.string(), rows: z.array(rowShape) });

/** The values of one step. */
export type MetricRow = z.infer<typeof rowShape>;

/**
 * The metrics and the progress that one job's log tells. Each save adds one JSON line to an
 * append-only file. A restarted server reads the log on from the last save; if the file is gone, it
 * reads the whole log again.
 */
export class JobMetrics {
  readonly #file: FileHandle;
  readonly #rows = new Map<number, MetricRow>();
  /** Rows that are not saved yet. */
  #changed = new Map<number, MetricRow>();
  #size = 0;
  /** True if the file may end in half a line, because the disk was full. */
  #torn = false;
  readonly #newest = new Map<string, number | NotFinite>();
  #reader = new MetricsReader(null);
  #line = 0;
  #savedLine = 0;
  #savedAt = performance.now();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<JobMetrics> {
    const file = await open(path, 'a+', 0o600);
    try {
      const metrics = new JobMetrics(file);
      await metrics.#restore();
      return metrics;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The first line that was not read yet. */
  get line(): number {
    return this.#line;
  }

  get progress(): JobProgress {
    return this.#reader.progress;
  }

  /** The newest value of a metric, or the word for it where it is not finite; null where it has none. */
  newest(name: string): number | NotFinite | null {
    return this.#newest.get(name) ?? null;
  }

  /** Oldest first, at most 10,000. */
  get rows(): Iterable<MetricRow> {
    return this.#rows.values().drop(Math.max(0, this.#rows.size - maxRows));
  }

  /** Reads one line. Lines come in order; a line that was read before is skipped. */
  read(line: number, text: string, time: number): void {
    if (line < this.#line) return;
    this.#line = line + 1;
    for (const point of this.#reader.read(text, time, line)) {
      const row = this.#rows.get(point.step) ?? {
        step: point.step,
        epoch: this.#reader.progress.epoch,
        time: point.time,
        values: {},
        notFinite: {},
      };
      this.#keepNewest(point.name, put(row, point));
      this.#keep(row);
      this.#changed.set(point.step, row);
    }
  }

  /** Saves if enough is new. */
  async saveNowAndThen(): Promise<void> {
    const due =
      this.#line - this.#savedLine >= linesPerSave ||
      this.#changed.size >= 1000 ||
      (this.#changed.size > 0 && performance.now() - this.#savedAt >= msPerSave);
    if (due) await this.save();
  }

  async save(): Promise<void> {
    if (this.#line === this.#savedLine) return;
    const changed = this.#changed;
    const saved = { line: this.#line, state: this.#reader.state(), rows: [...changed.values()] };
    const bytes = Buffer.from(`${JSON.stringify(saved)}\n`);
    this.#changed = new Map();
    this.#savedAt = performance.now();
    try {
      if (this.#torn) await this.#file.truncate(this.#size);
      this.#torn = true;
      await this.#file.appendFile(bytes);
      this.#torn = false;
    } catch (error) {
      this.#changed = new Map([...changed, ...this.#changed]);
      throw error;
    }
    this.#size += bytes.length;
    this.#savedLine = saved.line;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #keep(row: MetricRow): void {
    this.#rows.set(row.step, row);
    if (this.#rows.size < maxRows + rowsForgotten) return;
    for (const step of this.#rows.keys().take(rowsForgotten)) this.#rows.delete(step);
  }

  #keepNewest(name: string, value: number | NotFinite): void {
    if (this.#newest.size < maxNames || this.#newest.has(name)) this.#newest.set(name, value);
  }

  /** Reads the end of the file, and cuts off a half-written line that a crash has left. */
  async #restore(): Promise<void> {
    const { size } = await this.#file.stat();
    const start = Math.max(0, size - maxRestoredBytes);
    const bytes = Buffer.alloc(size - start);
    await this.#file.read(bytes, 0, bytes.length, start);
    let at = start === 0 ? 0 : bytes.indexOf('\n') + 1;
    for (let end = bytes.indexOf('\n', at); end !== -1; end = bytes.indexOf('\n', at)) {
      const saved = parseSaved(bytes.toString('utf8', at, end));
      if (saved === null) break;
      for (const row of saved.rows) {
        this.#keep(row);
        for (const [name, value] of Object.entries({ ...row.values, ...row.notFinite })) {
          this.#keepNewest(name, value);
        }
      }
      this.#reader = new MetricsReader(saved.state);
      this.#line = saved.line;
      this.#savedLine = saved.line;
      at = end + 1;
    }
    this.#size = start + at;
    if (this.#size < size) await this.#file.truncate(this.#size);
  }
}

/** Puts a value into the row, in place of the one of this name, and returns it as it is kept. */
function put(row: MetricRow, { name, value }: MetricPoint): number | NotFinite {
  const word = notFiniteOf(value);
  if (word === null) {
    delete row.notFinite[name];
    row.values[name] = value;
    return value;
  }
  delete row.values[name];
  row.notFinite[name] = word;
  return word;
}

function parseSaved(text: string): z.infer<typeof savedShape> | null {
  try {
    return savedShape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
