import { maxLineBytes } from '../../core/log.ts';
import type { LineEmit } from './emit.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const maxUnfinishedBytes = 4096;
const continuesMark = ' …[continues]';
const continuedMark = '[continued]… ';

/** Splits UTF-8 into lines, as `LineSplitter` says. */
export class Utf8Splitter {
  #rest = Buffer.alloc(0);
  #restLength = 0;
  /** How many `\r` follow the rest, not yet known to end a line. */
  #returns = 0;
  #start: number;
  #continued: boolean;

  constructor(options: { position?: number; continued?: boolean } = {}) {
    this.#start = options.position ?? 0;
    this.#continued = options.continued ?? false;
  }

  /** The byte position where the unfinished line, or its unfinished piece, begins. */
  get lineStart(): number {
    return this.#start;
  }

  /** The unfinished line goes on with one that was too long. */
  get continued(): boolean {
    return this.#continued;
  }

  /** What there is of the unfinished line, or of its unfinished piece: its first 4096 bytes at most. */
  get unfinished(): string {
    const shown = Math.min(this.#restLength, maxUnfinishedBytes);
    const end = shown < this.#restLength ? characterStart(this.#rest, shown) : shown;
    return end === 0 ? '' : this.#marked(this.#rest.subarray(0, end));
  }

  push(bytes: Buffer, emit: LineEmit): void {
    const whole = bytes.lastIndexOf(newline) + 1;
    let at = 0;
    while (at < bytes.length) {
      if (this.#returns > 0) {
        at = this.#resolveReturns(bytes, at, emit);
      } else if (at < whole && this.#restLength === 0 && !this.#continued) {
        this.#emitWhole(bytes.subarray(at, whole), emit);
        at = whole;
      } else {
        const nextReturn = indexOrEnd(bytes, carriageReturn, at);
        const nextLine = at < whole ? bytes.indexOf(newline, at) : bytes.length;
        const stop = Math.min(nextReturn, nextLine);
        this.#take(bytes.subarray(at, stop), emit);
        if (nextReturn < nextLine) this.#returns = 1;
        else if (nextLine < bytes.length) this.#close('', 1, emit);
        at = stop + 1;
      }
    }
  }

  /** Emits the unfinished last line, if there is one. */
  end(emit: LineEmit): void {
    if (this.#restLength > 0) this.#close(this.#returns > 0 ? '\r' : '', this.#returns, emit);
    else this.#start += this.#returns;
    this.#returns = 0;
  }

  /** Emits bytes that begin a line and end in `\n`: decoded at once, then cut as text. */
  #emitWhole(bytes: Buffer, emit: LineEmit): void {
    const text = decode(bytes);
    // A character never has more UTF-16 units than bytes, so equal lengths mean equal positions.
    const aligned = text.length === bytes.length;
    const base = this.#start;
    let nextReturn = text.indexOf('\r');
    let from = 0;
    let byteFrom = 0;
    while (from < text.length) {
      if (nextReturn !== -1 && nextReturn < from) nextReturn = text.indexOf('\r', from);
      const newlineAt = text.indexOf('\n', from);
      const returns = nextReturn !== -1 && nextReturn < newlineAt;
      const to = returns ? nextReturn : newlineAt;
      let next = to;
      while (text.charCodeAt(next) === carriageReturn) next += 1;
      const redraw = next < newlineAt;
      if (!redraw) next += 1;

      const byteTo = aligned ? to : bytes.indexOf(returns ? carriageReturn : newline, byteFrom);
      const byteNext = byteTo + next - to;
      if (byteTo - byteFrom > maxLineBytes) {
        this.#start = base + byteFrom;
        this.#take(bytes.subarray(byteFrom, byteTo), emit);
        this.#close(redraw ? '\r' : '', next - to, emit);
      } else {
        this.#start = base + byteNext;
        if (!redraw) emit(text.slice(from, to), this.#start, false);
        else if (to > from) emit(text.slice(from, to + 1), this.#start, false);
      }
      from = next;
      byteFrom = byteNext;
    }
  }

  /** Adds bytes without terminators to the unfinished line, and emits the pieces it outgrows. */
  #take(bytes: Buffer, emit: LineEmit): void {
    let from = 0;
    while (this.#restLength + bytes.length - from > maxLineBytes) {
      const room = maxLineBytes - this.#restLength;
      this.#keep(bytes.subarray(from, from + room + 1));
      from += room + 1;
      const cut = characterStart(this.#rest, maxLineBytes);
      const text = this.#marked(this.#rest.subarray(0, cut)) + continuesMark;
      this.#rest.copyWithin(0, cut, this.#restLength);
      this.#restLength -= cut;
      this.#start += cut;
      this.#continued = true;
      emit(text, this.#start, true);
    }
    this.#keep(bytes.subarray(from));
  }

  #keep(bytes: Buffer): void {
    const length = this.#restLength + bytes.length;
    if (length > this.#rest.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(length * 2, 256), maxLineBytes + 1));
      this.#rest.copy(larger, 0, 0, this.#restLength);
      this.#rest = larger;
    }
    bytes.copy(this.#rest, this.#restLength);
    this.#restLength = length;
  }

  #resolveReturns(bytes: Buffer, from: number, emit: LineEmit): number {
    let at = from;
    while (bytes[at] === carriageReturn) at += 1;
    this.#returns += at - from;
    if (at === bytes.length) return at;
    if (bytes[at] === newline) {
      this.#close('', this.#returns + 1, emit);
      at += 1;
    } else {
      this.end(emit);
    }
    this.#returns = 0;
    return at;
  }

  #close(suffix: string, terminatorLength: number, emit: LineEmit): void {
    const text = this.#marked(this.#rest.subarray(0, this.#restLength)) + suffix;
    this.#start += this.#restLength + terminatorLength;
    this.#restLength = 0;
    this.#continued = false;
    emit(text, this.#start, false);
  }

  #marked(bytes: Buffer): string {
    return (this.#continued ? continuedMark : '') + decode(bytes);
  }
}

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\0') ? text.replaceAll('\0', '␀') : text;
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const index = bytes.indexOf(byte, from);
  return index === -1 ? bytes.length : index;
}

/** The last position up to `limit` that does not cut a character: cutting before a lead byte never does. */
function characterStart(bytes: Buffer, limit: number): number {
  for (let back = 0; back <= 3; back += 1) {
    const byte = bytes[limit - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? limit - back : limit;
  }
  return limit;
}
