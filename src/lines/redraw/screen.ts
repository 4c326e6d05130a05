import type { LogSource, ProgressMark } from '../../core/log.ts';
import { levelOf } from '../level.ts';
import { type Control, controlsOf, isPlain } from './controls.ts';
import { isBar, isComplete, isLike, isSameBar } from './likeness.ts';
import { RowText } from './row-text.ts';

/** A line, or a state of a bar, with the time when it was captured. */
export interface ScreenLine {
  text: string;
  time: number;
  source: LogSource | null;
  progress?: ProgressMark;
}

interface Row {
  /** The newest text, cut to 512 characters; null where nothing was written, or where it is not known. */
  shown: string | null;
  /** The newest state that is held back. */
  pending: ScreenLine | null;
  lastKeptAt: number;
  /** The bar has come to its end: the state that shows this is its last one. */
  isDone?: boolean;
}

/** The last rows of what one source has printed, as a terminal would show them; JSON. The cursor may be above the last row. */
export interface ScreenState {
  source: LogSource | null;
  rows: Row[];
  cursor: number;
  /** When the cursor was last moved up. */
  movedAt: number;
}

/** The least time between two stored states of a row: at most two a second. */
const intervalMs = 500;
const maxRows = 64;
/** A longer text on a row above the last one is no bar, and is stored at once. In UTF-16 units. */
const maxHeldChars = 1024;
const maxShownChars = 512;

/** The screen of a source before it has printed anything. */
export function newScreen(source: LogSource | null): ScreenState {
  return { source, rows: [newRow(0)], cursor: 0, movedAt: 0 };
}

/** True where ordinary lines go by without a change: nothing is held back, and the cursor is on the last row. */
export function isIdle({ rows }: ScreenState): boolean {
  return rows.length === 1 && rows[0]?.pending === null && rows[0].shown === null;
}

/** Writes texts on a screen and hands on what is to be stored. Changes the state that it is given. */
export class Screen {
  readonly #state: ScreenState;
  readonly #store: (line: ScreenLine) => void;
  readonly #row = new RowText();
  /** Something was written on the row and not handed on yet. */
  #written = false;
  #time = 0;

  constructor(state: ScreenState, store: (line: ScreenLine) => void) {
    this.#state = state;
    this.#store = store;
  }

  /** One text of a log: a line, or a state of a bar where it ends in `\r`. */
  text(text: string, time: number): void {
    this.#time = time;
    if (isPlain(text)) {
      this.#row.write(text);
      this.#newline();
      return;
    }
    for (const control of controlsOf(text)) this.#do(control);
    this.#endState();
    this.#row.clear();
  }

  /** Stores what is held back and due at `now`. */
  settle(now: number): void {
    for (const row of this.#state.rows) {
      if (row.pending === null || !isOver(row.lastKeptAt, now)) continue;
      // At the end of the log, nothing will be drawn over it any more.
      if (now === Infinity && row.pending.progress) row.pending.progress = 'LAST';
      this.#keep(row, now);
    }
  }

  #do(control: Control): void {
    switch (control.kind) {
      case 'text':
        this.#row.write(control.text);
        this.#written = true;
        break;
      case 'newline':
        this.#newline();
        break;
      case 'return':
        this.#endState();
        this.#row.clear();
        break;
      case 'left':
        this.#endState();
        this.#row.left(control.by);
        break;
      case 'column':
        this.#endState();
        this.#row.column(control.to);
        break;
      case 'erase':
        if (control.all) this.#endState();
        this.#row.erase(control);
        break;
      case 'rows':
        this.#endState();
        this.#row.clear();
        this.#move(control.by);
        break;
    }
  }

  #current(): Row {
    const { rows, cursor } = this.#state;
    const row = rows[cursor];
    if (row === undefined) throw new Error(`row ${cursor} of ${rows.length}`);
    return row;
  }

  /** What was written so far is a state of its row: something will be written over it. */
  #endState(): void {
    const { text } = this.#row;
    if (this.#written && text.trim() !== '') this.#redraw(this.#current(), this.#lineOf(text));
    this.#written = false;
  }

  #newline(): void {
    const { rows, cursor } = this.#state;
    const row = this.#current();
    const line = this.#lineOf(this.#row.text);
    const isLast = cursor === rows.length - 1;
    if (rows.length === 1) this.#line(row, line);
    else if (line.text.trim() !== '') this.#above(row, line, isLast);
    else if (isLast && row.shown === null) this.#store(line);
    this.#written = false;
    this.#row.clear();
    if (isLast) this.#scroll();
    else this.#state.cursor += 1;
  }

  /** A line on one of several rows: a state of what was there before, or a line that has nothing to do with it. */
  #above(row: Row, line: ScreenLine, isLast: boolean): void {
    const isNew = isLast && row.shown === null;
    const isState = isBar(line.text) || (row.shown !== null && isLike(row.shown, line.text));
    if (isState && line.text.length <= maxHeldChars) {
      this.#redraw(row, line);
      return;
    }
    const shown = shownOf(line.text);
    if (row.shown === shown) return;
    if (isNew) this.#keepAbove();
    row.shown = shown;
    this.#line(row, line);
  }

  /** A line takes the place of a state held back; only a finished bar is stored before a line that is none. */
  #line(row: Row, line: ScreenLine): void {
    if (row.pending !== null && isComplete(row.pending.text) && !isBar(line.text)) {
      this.#keep(row, line.time);
    }
    row.pending = null;
    const isEnd = row.shown !== null && isSameBar(row.shown, line.text) && !isSevere(line.text);
    this.#store(isEnd ? { ...line, progress: 'LAST' } : line);
  }

  /** Bars that have come to their end, and states that are due, are stored before what is printed below them. */
  #keepAbove(): void {
    for (const row of this.#state.rows) {
      const isDue = row.pending !== null && isOver(row.lastKeptAt, this.#time);
      if (isDue || isComplete(row.pending?.text ?? '')) this.#keep(row, this.#time);
    }
  }

  #redraw(row: Row, line: ScreenLine): void {
    const shown = shownOf(line.text);
    const progress = this.#markOf(row, line.text);
    if (progress) line.progress = progress;
    const isSame = this.#state.rows.length > 1 && row.shown === shown;
    row.shown = shown;
    if (isSame) return; // a terminal that draws all its rows, though one has changed
    const isTooLong = this.#state.rows.length > 1 && line.text.length > maxHeldChars;
    if (isTooLong || isOver(row.lastKeptAt, line.time)) {
      this.#store(line);
      row.lastKeptAt = line.time;
      row.pending = null;
    } else {
      row.pending = line;
    }
  }

  /** What a state is of its bar. On several rows no line ends a bar, so the state that shows its end is the last one. */
  #markOf(row: Row, text: string): ProgressMark | undefined {
    const isState = isBar(text) || (row.shown !== null && isLike(row.shown, text));
    if (!isState || isSevere(text)) return undefined;
    const isAtEnd = this.#state.rows.length > 1 && isComplete(text);
    const isFirst = !row.isDone || row.pending?.progress === 'LAST';
    row.isDone = isAtEnd;
    return isAtEnd && isFirst ? 'LAST' : 'DRAWN_OVER';
  }

  #keep(row: Row, now: number): void {
    const { pending } = row;
    if (pending === null) return;
    this.#store(pending);
    row.lastKeptAt = Math.min(now, pending.time + intervalMs);
    row.pending = null;
  }

  #move(by: number): void {
    const state = this.#state;
    state.movedAt = this.#time;
    state.cursor = Math.min(state.cursor + by, state.rows.length - 1);
    // What stands on rows that were printed before is not known; it has been stored just now.
    while (state.cursor < 0 && state.rows.length < maxRows) {
      state.rows.unshift(newRow(this.#time));
      state.cursor += 1;
    }
    state.cursor = Math.max(0, state.cursor);
  }

  /** A new last row. Where nobody goes up any more, the rows above are forgotten. */
  #scroll(): void {
    const state = this.#state;
    const lastKeptAt = Math.max(...state.rows.map((row) => row.lastKeptAt));
    const isQuiet = state.rows.every((row) => row.pending === null);
    if (isQuiet && (state.rows.length === 1 || isOver(state.movedAt, this.#time))) {
      state.rows = [newRow(lastKeptAt)];
    } else {
      state.rows.push(newRow(lastKeptAt));
      const oldest = state.rows.length > maxRows ? state.rows.shift() : undefined;
      if (oldest !== undefined) this.#keep(oldest, this.#time);
    }
    state.cursor = state.rows.length - 1;
  }

  #lineOf(text: string): ScreenLine {
    return { text, time: this.#time, source: this.#state.source };
  }
}

function newRow(lastKeptAt: number): Row {
  return { shown: null, pending: null, lastKeptAt };
}

/** A warning or an error is never taken for a bar, whatever it looks like. */
function isSevere(text: string): boolean {
  const level = levelOf(text);
  return level === 'WARNING' || level === 'ERROR';
}

function shownOf(text: string): string {
  return text.trimEnd().slice(0, maxShownChars);
}

/** Also true where the clock was put back: nothing is held back for as long as that. */
function isOver(lastKeptAt: number, now: number): boolean {
  return Math.abs(now - lastKeptAt) >= intervalMs;
}
