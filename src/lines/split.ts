import type { LineEmit } from './split/emit.ts';
import { Utf8Splitter } from './split/utf8.ts';
import { Utf16Splitter } from './split/utf16.ts';

export interface SplitterStart {
  /** The byte where the first line begins. */
  position?: number;
  /** That line goes on with one that was too long. */
  continued?: boolean;
  /** The stream is UTF-16, as the mark at its beginning has said; from position 0 on the mark is read. */
  utf16?: boolean;
}

/**
 * Splits a byte stream into lines; the same bytes give the same lines, however they are cut into
 * pushes. `\n` after any number of `\r` ends a line. Any other `\r` closes a redraw state of a
 * progress bar: a line whose text keeps one trailing `\r`, unless it is empty. Invalid UTF-8 becomes
 * U+FFFD, NUL becomes U+2400. A line of more than `maxLineBytes` bytes is cut into marked pieces at
 * character boundaries. Holds one piece at most; a line may share the memory of the push it came with.
 * A stream that begins with the mark of UTF-16 (FF FE) is read as such.
 */
export class LineSplitter {
  #lines: Utf8Splitter | Utf16Splitter;
  /** The stream has not told yet what it is written in: one byte of a mark may be held. */
  #isNew: boolean;
  #held = noBytes;

  constructor({ position = 0, continued = false, utf16 = false }: SplitterStart = {}) {
    const start = { position, continued };
    this.#lines = utf16 ? new Utf16Splitter(start) : new Utf8Splitter(start);
    this.#isNew = position === 0;
  }

  /** The byte position where the unfinished line, or its unfinished piece, begins. */
  get lineStart(): number {
    return this.#lines.lineStart;
  }

  /** The unfinished line goes on with one that was too long. */
  get continued(): boolean {
    return this.#lines.continued;
  }

  /** What there is of the unfinished line, or of its unfinished piece: its first 4096 bytes at most. */
  get unfinished(): string {
    return this.#lines.unfinished;
  }

  push(bytes: Buffer, emit: LineEmit): void {
    if (this.#isNew) this.#begin(bytes, emit);
    else this.#lines.push(bytes, emit);
  }

  /** Emits the unfinished last line, if there is one. */
  end(emit: LineEmit): void {
    if (this.#held.length > 0) this.#lines.push(this.#held, emit);
    this.#held = noBytes;
    this.#isNew = false;
    this.#lines.end(emit);
  }

  #begin(pushed: Buffer, emit: LineEmit): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, pushed]) : pushed;
    this.#held = bytes.length === 1 && bytes[0] === mark[0] ? Buffer.from(bytes) : noBytes;
    if (bytes.length === 0 || this.#held.length > 0) return;
    this.#isNew = false;
    const isUtf16 = beginsAsUtf16(bytes);
    if (isUtf16) this.#lines = new Utf16Splitter({ position: mark.length, continued: false });
    this.#lines.push(isUtf16 ? bytes.subarray(mark.length) : bytes, emit);
  }
}

const mark = [0xff, 0xfe] as const;
const noBytes = Buffer.alloc(0);

/** True for the first bytes of a stream that says it is UTF-16, little-endian. */
export function beginsAsUtf16(head: Buffer): boolean {
  return head[0] === mark[0] && head[1] === mark[1];
}
