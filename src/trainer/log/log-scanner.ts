import { type LineEmit, LineSplitter } from '../../lines/split.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { byteOf, placeOf } from './log-cuts.ts';
import type { Place } from './log-index.ts';
import type { Mark } from './log-mark.ts';
import { closeParts, type LogParts, openParts } from './log-parts.ts';

/** A place is noted after this many lines or bytes: a page skips no more than that. */
const linesPerPlace = 1000;
const bytesPerPlace = 256 * 1024;
const readBytes = 128 * 1024;

const cutReason =
  "The job's log file was cut or replaced while the job wrote to it: lines before this one may be missing, and the lines next to the cut may be incomplete";

/** Receives lines, the first with its number. */
type TakeLines = (first: number, texts: string[]) => void;

interface ScannerOptions {
  /** The log's length in bytes where the job is over. */
  end: number | null;
  take: TakeLines;
}

/**
 * Reads a log from its first byte to its last, each byte once, and keeps what can be known of it:
 * places of lines, metrics, cuts, and the mark up to which lines were told. Positions are bytes of
 * the log, not of its file: they count on where the file was cut and begins again.
 */
export class LogScanner {
  readonly #parts: LogParts;
  readonly #take: TakeLines;
  /** Lines up to here were told by an earlier server, out of bytes up to there. */
  #known = { line: 0, position: 0 };
  #splitter = new LineSplitter();
  #line = 0;
  #position = 0;
  #end: number | null;
  #ended = false;
  /** Its last line has no end. */
  #isOpenEnded = false;
  #closed = false;

  static async open(folder: JobFolder, options: ScannerOptions): Promise<LogScanner> {
    const { parts, found, isCut } = await openParts(folder, options.end);
    try {
      const scanner = new LogScanner(parts, options);
      await scanner.#start(found, isCut);
      return scanner;
    } catch (error) {
      await closeParts(parts);
      throw error;
    }
  }

  private constructor(parts: LogParts, { end, take }: ScannerOptions) {
    this.#parts = parts;
    this.#end = end;
    this.#take = take;
  }

  get parts(): Pick<LogParts, 'file' | 'cuts' | 'index' | 'metrics'> {
    return this.#parts;
  }

  /** Lines known so far. */
  get line(): number {
    return this.#line;
  }

  /** The byte behind what was read. */
  get position(): number {
    return this.#position;
  }

  /** What there is of the line that the job is writing; empty where the last one has ended. */
  get unfinished(): string {
    return this.#splitter.unfinished;
  }

  /** The job is over, and all its lines are known. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The job is over: its log ends where its file ends now. Resolves to the log's length. */
  async end(): Promise<number> {
    if (this.#end === null) {
      const size = await this.#parts.file.size();
      const { position, from } = this.#parts.cuts.part;
      this.#end ??= Math.max(this.#position, position + size - from);
    }
    return this.#end;
  }

  /** The job starts again: its log goes on with these words, where they can be written, on a line of their own. */
  async goOn(words: string): Promise<void> {
    const { file } = this.#parts;
    const isTold = await file.append(`${this.#isOpenEnded ? '\n' : ''}${words}\n`);
    // The last line was told already, without its end.
    const position = this.#position + (isTold && this.#isOpenEnded ? 1 : 0);
    await this.#startAt({ line: this.#line, position, continued: false });
    this.#end = null;
    this.#ended = false;
  }

  /** Reads all that is new. */
  async readOn(): Promise<void> {
    let some = await this.#readSome();
    while (some === 'more') some = await this.#readSome();
    if (some === 'closed') return;
    if (this.#end !== null && !this.#ended) await this.#finish(this.#end);
    if (this.#line < this.#known.line) {
      await this.#startPart(byteOf(this.#parts.cuts.part, this.#position));
    }
  }

  /** Lines before the next one are lost, or that one is torn. */
  async addGap(reason: string): Promise<void> {
    await this.#parts.cuts.addGap(this.#line, reason);
  }

  /** No read begins after this. */
  stop(): void {
    this.#closed = true;
  }

  async close(): Promise<void> {
    this.stop();
    await closeParts(this.#parts);
  }

  async #start(found: Mark | null, isCut: boolean): Promise<void> {
    const { file, cuts, index, metrics } = this.#parts;
    this.#known = {
      line: Math.max(found?.line ?? 0, cuts.part.line, metrics.line),
      position: Math.max(found?.position ?? 0, cuts.part.position, index.last.position),
    };
    if (isCut && found !== null) {
      const before = { print: found.print, at: byteOf(cuts.part, found.position) };
      await this.#startPart(await file.startAfterCut(before));
    } else await this.#startAt(index.floor(metrics.line));
  }

  async #readSome(): Promise<'more' | 'end' | 'closed'> {
    const { file } = this.#parts;
    const maxBytes = Math.min(readBytes, this.#bytesLeft());
    const read = await file.readOn(maxBytes);
    if (this.#closed) return 'closed';
    if (read === null) {
      await this.#startPart(await file.startAfterCut());
      return 'more';
    }
    // The job may have ended while that was read: what lies behind its end is not its own.
    const bytes = read.subarray(0, this.#bytesLeft());
    this.#position += bytes.length;
    if (bytes.length < read.length) await file.seek(byteOf(this.#parts.cuts.part, this.#position));
    if (bytes.length > 0) await this.#tell((emit) => this.#splitter.push(bytes, emit));
    if (read.length === maxBytes && this.#bytesLeft() > 0) return 'more';
    const isReplaced = read.length === 0 && this.#end === null && (await file.takeReplacement());
    if (!isReplaced) return 'end';
    await this.#startPart(0);
    return 'more';
  }

  #bytesLeft(): number {
    return Math.max(0, (this.#end ?? Number.POSITIVE_INFINITY) - this.#position);
  }

  /** The unfinished last line is a line. */
  async #finish(end: number): Promise<void> {
    const isShort = this.#position < end;
    this.#ended = true;
    this.#end = this.#position;
    const before = this.#line;
    await this.#tell((emit) => this.#splitter.end(emit));
    this.#isOpenEnded = this.#line > before;
    if (isShort) await this.addGap(cutReason);
  }

  /**
   * The file is not the one that was read: what it holds from the byte `from` on follows on the lines
   * that were told. Of a line that was cut in its middle, what was read is a line.
   */
  async #startPart(from: number): Promise<void> {
    const { cuts } = this.#parts;
    const isBehind = this.#line < this.#known.line;
    if (!isBehind) await this.#tell((emit) => this.#splitter.end(emit));
    const line = Math.max(this.#line, this.#known.line);
    const position = Math.max(this.#position, this.#known.position);
    const isAllTold = this.#end !== null && position >= this.#end;
    await cuts.addPart({ line, position, from }, isAllTold ? null : cutReason);
    if (this.#end !== null) this.#end = position;
    await this.#startAt(placeOf(cuts.part));
  }

  async #startAt(place: Place): Promise<void> {
    const { file, cuts } = this.#parts;
    const start = place.position < cuts.part.position ? placeOf(cuts.part) : place;
    this.#splitter = new LineSplitter(start);
    this.#line = start.line;
    this.#position = start.position;
    await file.seek(byteOf(cuts.part, start.position));
  }

  /** Marks the lines before anybody hears of them: no later server gives their numbers to others. */
  async #tell(split: (emit: LineEmit) => void): Promise<void> {
    const first = this.#line;
    const texts = this.#split(split);
    if (texts.length === 0 && !this.#ended) return;
    const { file, mark, cuts, index, metrics } = this.#parts;
    // What follows helps a later server alone: a full disk must not stop the reading.
    if (this.#line >= this.#known.line) {
      const { print } = file;
      await mark.write({ line: this.#line, position: this.#position, print }).catch(() => {});
    }
    this.#take(first, texts);
    await cuts.flush().catch(() => {});
    await index.flush().catch(() => {});
    await metrics.saveNowAndThen().catch(() => {});
  }

  #split(split: (emit: LineEmit) => void): string[] {
    const { index, metrics } = this.#parts;
    const now = Date.now();
    const texts: string[] = [];
    split((text, end, continued) => {
      texts.push(text);
      metrics.read(this.#line, text, now);
      this.#line += 1;
      const last = index.last;
      if (this.#line - last.line >= linesPerPlace || end - last.position >= bytesPerPlace) {
        index.add({ line: this.#line, position: end, continued });
      }
    });
    return texts;
  }
}
