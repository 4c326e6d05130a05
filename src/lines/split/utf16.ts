import type { LineEmit } from './emit.ts';
import { Utf8Splitter } from './utf8.ts';

/**
 * Splits UTF-16 (little-endian), which PowerShell writes, into the lines that the same text in UTF-8 has.
 * Positions are bytes of UTF-16.
 */
export class Utf16Splitter {
  readonly #decoder = new TextDecoder('utf-16le', { ignoreBOM: true });
  readonly #lines: Utf8Splitter;
  /** What was taken as UTF-8 behind the last line that was emitted, and where that begins. */
  #taken = Buffer.alloc(0);
  #takenAt = 0;
  #position: number;

  constructor({ position, continued }: { position: number; continued: boolean }) {
    this.#position = position;
    this.#lines = new Utf8Splitter({ continued });
  }

  get lineStart(): number {
    return this.#position;
  }

  get continued(): boolean {
    return this.#lines.continued;
  }

  get unfinished(): string {
    return this.#lines.unfinished;
  }

  push(bytes: Buffer, emit: LineEmit): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }), emit);
  }

  end(emit: LineEmit): void {
    this.#take(this.#decoder.decode(), emit);
    this.#lines.end(this.#placed(emit));
    this.#pass(this.#lines.lineStart);
  }

  #take(text: string, emit: LineEmit): void {
    const utf8 = Buffer.from(text);
    this.#taken = Buffer.concat([this.#taken, utf8]);
    this.#lines.push(utf8, this.#placed(emit));
  }

  #placed(emit: LineEmit): LineEmit {
    return (text, end, continued) => {
      this.#pass(end);
      emit(text, this.#position, continued);
    };
  }

  /** Counts the bytes of UTF-16 up to a position in UTF-8. */
  #pass(end: number): void {
    const length = end - this.#takenAt;
    this.#position += 2 * this.#taken.toString('utf8', 0, length).length;
    this.#taken = this.#taken.subarray(length);
    this.#takenAt = end;
  }
}
