import type { LineBlock, LogSource } from '../core/log.ts';

/** The least time between two stored states of a bar: at most two a second. */
const intervalMs = 500;

/** Where the thinning stands; JSON. Times are milliseconds since 1970, UTC. */
export interface RedrawState {
  lastKeptAt: number;
  /** The newest state that is held back. */
  pending: Line | null;
}

interface Line {
  text: string;
  time: number;
  source: LogSource | null;
}

/** The state at the start of a log. */
export const noRedraws: RedrawState = { lastKeptAt: 0, pending: null };

/**
 * Thins the redraw states of progress bars, the texts that end in `\r`: one that comes half a
 * second or more after the last one stored is stored, without its `\r`; others are held back, each
 * in the place of the one before. The line that follows from the same source takes the place of a
 * state held back; only where that shows a finished bar and the line is none, both are stored.
 * A state of blanks, which wipes a bar, is nothing.
 *
 * Also makes every text one line of well-formed text: the states in a text with `\r` inside belong
 * to one instant, `\n` ends a line, NUL becomes U+2400, a lone surrogate U+FFFD. A block in which
 * there is nothing to do comes back as the same object. How a log is cut into blocks makes no difference.
 *
 * `places` has for each text that went in the index of its line among those that came out, or, where it
 * is held back, of the next line that is stored; null where each text is its line.
 */
export function thinRedraws(
  state: RedrawState,
  block: LineBlock,
): { block: LineBlock; state: RedrawState; places: number[] | null } {
  if (state.pending === null && block.texts.every(isPlain)) return { block, state, places: null };
  const thinning = new Thinning(state);
  const places: number[] = [];
  let at = 0;
  for (const { count, time, source } of block.runs) {
    for (const end = at + count; at < end; at++) {
      const before = thinning.block.texts.length;
      thinning.text(block.texts[at] ?? '', time, source);
      const after = thinning.block.texts.length;
      places.push(after > before ? after - 1 : after);
    }
  }
  return { block: thinning.block, state: thinning.state, places };
}

/** Stores a state whose half second is over at `now`; `Infinity` at the end of a log. */
export function settleRedraw(
  state: RedrawState,
  now: number,
): { block: LineBlock; state: RedrawState } {
  if (state.pending === null || !isOver(state.lastKeptAt, now)) {
    return { block: { texts: [], runs: [] }, state };
  }
  const thinning = new Thinning(state);
  thinning.settle(now);
  return { block: thinning.block, state: thinning.state };
}

/** One pass over a block. */
class Thinning {
  readonly block: LineBlock = { texts: [], runs: [] };
  state: RedrawState;

  constructor(state: RedrawState) {
    this.state = state;
  }

  text(text: string, time: number, source: LogSource | null): void {
    if (isPlain(text)) {
      this.#line({ text, time, source });
      return;
    }
    for (const line of linesOf(text)) {
      const last = line.lastIndexOf('\r');
      for (const redraw of line.slice(0, Math.max(0, last)).split(/\r+/)) {
        if (redraw.trim() !== '') this.#redraw({ text: redraw, time, source });
      }
      if (last < line.length - 1 || line === '') {
        this.#line({ text: line.slice(last + 1), time, source });
      }
    }
  }

  /** Stores the state held back, at this time. */
  settle(now: number): void {
    const { pending } = this.state;
    if (pending === null) return;
    this.#store(pending);
    this.state = { lastKeptAt: Math.min(now, pending.time + intervalMs), pending: null };
  }

  #redraw(line: Line): void {
    if (isOver(this.state.lastKeptAt, line.time)) {
      this.#store(line);
      this.state = { lastKeptAt: line.time, pending: null };
    } else {
      this.state = { ...this.state, pending: line };
    }
  }

  #line(line: Line): void {
    const { pending } = this.state;
    if (pending !== null && pending.source === line.source) {
      if (isComplete(pending.text) && !isBar(line.text)) this.settle(line.time);
      else this.state = { ...this.state, pending: null };
    }
    this.#store(line);
  }

  #store({ text, time, source }: Line): void {
    const { texts, runs } = this.block;
    texts.push(text);
    const run = runs.at(-1);
    if (run !== undefined && run.time === time && run.source === source) run.count++;
    else runs.push({ count: 1, time, source });
  }
}

function isPlain(text: string): boolean {
  return (
    !text.includes('\r') && !text.includes('\n') && !text.includes('\0') && text.isWellFormed()
  );
}

/** Well-formed, cut at `\n` and `\r\n`; only the last one may end in `\r`. */
function linesOf(text: string): string[] {
  const ended = text.toWellFormed().replaceAll('\0', '␀').split('\n');
  const rest = ended.pop() ?? '';
  const lines = ended.map(withoutReturns);
  if (rest !== '' || lines.length === 0) lines.push(rest);
  return lines;
}

function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(0, end);
}

/** Also true where the clock was put back: nothing is held back for as long as that. */
function isOver(lastKeptAt: number, now: number): boolean {
  return Math.abs(now - lastKeptAt) >= intervalMs;
}

function isBar(text: string): boolean {
  return /\d%|\b\d{1,15}\/\d{1,15}\b/.test(text);
}

function isComplete(text: string): boolean {
  if (/\b100(?:\.0{1,9})?%/.test(text)) return true;
  const [, part, whole] = /\b(\d{1,15})\/(\d{1,15})\b/.exec(text) ?? [];
  return part !== undefined && part === whole;
}
