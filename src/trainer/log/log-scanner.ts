import type { LineEmit } from '../../lines/split/emit.ts';
import { LineSplitter } from '../../lines/split.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { byteOf, placeOf } from './log-cuts.ts';
import type { Place } from './log-index.ts';
import type { Mark } from './log-mark.ts';
import { closeParts, type LogParts, openParts } from './log-parts.ts';

/** The index gets a place after this many lines or bytes, so a page reads no more than that in vain. */
const linesPerPlace = 1000;
const bytesPerPlace = 256 * 1024;
const readBytes = 128 * 1024;

const cutReason =
  "The job's log file was cut or replaced while the job wrote to it: lines before this one may be missing, and the lines next to the cut may be incomplete";

/** Receives lines. `first` is the number of the first one. */
type TakeLines = (first: number, texts: string[]) => void;

interface ScannerOptions {
  /** The log's length in bytes if the job is over, else null. */
  end: number | null;
  take: TakeLines;
}

/**
 * Reads a log from its first byte to its last, each byte once. It keeps the places of lines, the
 * metrics, the cuts, and the mark of what was served. A position counts the bytes of the whole log,
 * not of its file: after a cut the file begins at 0 again, and positions count on.
 */
export class LogScanner {
  readonly #parts: LogParts;
  readonly #take: TakeLines;
  /** What an earlier server has served: so many lines, out of so many bytes. */
  #known = { line: 0, position: 0 };
  #splitter = new LineSplitter();
  #line = 0;
  #position = 0;
  #end: number | null;
  #ended = false;
  /** True if the last line does not end with a newline. */
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

  /** How many lines are known. */
  get line(): number {
    return this.#line;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#position;
  }

  /** The part of the last line that is there, if the line has not ended; else empty. */
  get unfinished(): string {
    return this.#splitter.unfinished;
  }

  /** True if the job is over and all its lines are known. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Says that the job is over and that its log ends where the file ends now. Resolves to the log's length. */
  async end(): Promise<number> {
    if (this.#end === null) {
      const size = await this.#parts.file.size();
      const { position, from } = this.#parts.cuts.part;
      this.#end ??= Math.max(this.#position, position + size - from);
    }
    return this.#end;
  }

  /** Says that the job starts again. Its log goes on with these words as a line, if they can be written. */
  async goOn(words: string): Promise<void> {
    const { file } = this.#parts;
    const isTold = await file.append(`${this.#isOpenEnded ? '\n' : ''}${words}\n`);
    // The newline that was added belongs to the last line, which is known already.
    const position = this.#position + (isTold && this.#isOpenEnded ? 1 : 0);
    await this.#startAt({ line: this.#line, position, continued: false });
    this.#end = null;
    this.#ended = false;
  }

  /** Reads everything that is new. */
  async readOn(): Promise<void> {
    let some = await this.#readSome();
    while (some === 'more') some = await this.#readSome();
    if (some === 'closed') return;
    if (this.#end !== null && !this.#ended) await this.#finish(this.#end);
    if (this.#line < this.#known.line) {
      await this.#startPart(byteOf(this.#parts.cuts.part, this.#position));
    }
  }

  /** Records that lines before the next line are lost, or that the next line is torn. */
  async addGap(reason: string): Promise<void> {
    await this.#parts.cuts.addGap(this.#line, reason);
  }

  /** Ends the reading: no further read begins. */
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
    // The job may have ended during the read. Bytes behind its end are not the job's.
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

  /** The job is over, so an unfinished last line counts as a line. */
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
   * The file was cut or replaced. Its bytes from `from` on become the next lines of the log. If the
   * cut hit the middle of a line, the half that was read counts as a line.
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
    await file.seek(byteOf(cuts.part, start.position));
    this.#splitter = new LineSplitter({ ...start, utf16: start.position > 0 && file.isUtf16 });
    this.#line = start.line;
    this.#position = start.position;
  }

  /** Passes lines on. It writes the mark first, so that no later server gives their numbers to other lines. */
  async #tell(split: (emit: LineEmit) => void): Promise<void> {
    const first = this.#line;
    const texts = this.#split(split);
    if (texts.length === 0 && !this.#ended) return;
    const { file, mark, cuts, index, metrics } = this.#parts;
    // These files only help a later server, so a full disk must not stop the reading.
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
