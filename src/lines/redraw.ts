import type { LineBlock, LogSource } from '../core/log.ts';
import { isPlain } from './redraw/controls.ts';
import { isIdle, newScreen, Screen, type ScreenLine, type ScreenState } from './redraw/screen.ts';

/** Where the thinning stands: a screen for each source that has printed; JSON. Times are milliseconds since 1970, UTC. */
export interface RedrawState {
  screens: readonly ScreenState[];
}

/** The state at the start of a log. */
export const noRedraws: RedrawState = { screens: [] };

/** True where a state of a bar is held back: it may be due, though no line follows. */
export function holdsBack(state: RedrawState): boolean {
  return state.screens.some(({ rows }) => rows.some(({ pending }) => pending !== null));
}

/**
 * Thins the redraw states of progress bars: what a terminal would write over, because `\r`, backspaces or
 * an escape sequence take the cursor back on its row or up to an earlier one. A state that comes half a
 * second or more after the last one stored of its row is stored, without what moves the cursor; others
 * are held back, each in the place of the one before. The line that follows on the same row takes the place
 * of a state held back; only where that shows a finished bar and the line is none, both are stored.
 * A state of blanks, which wipes a bar, is nothing. Runs say which lines are states of bars, and which of these are
 * the last ones. A line that is printed among rows drawn again, and is
 * no state of theirs, is stored as any other.
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
  if (state.screens.every(isIdle) && block.lines.every(isPlain)) {
    return { block, state, places: null };
  }
  const thinned = new Thinning(state);
  const places: number[] = [];
  let at = 0;
  for (const { count, time, source } of block.runs) {
    const screen = thinned.screen(source);
    for (const end = at + count; at < end; at++) {
      const before = thinned.block.lines.length;
      screen.text(block.lines[at] ?? '', time);
      const after = thinned.block.lines.length;
      places.push(after > before ? after - 1 : after);
    }
  }
  return { block: thinned.block, state: thinned.state, places };
}

/** Stores the states whose half second is over at `now`; `Infinity` at the end of a log. */
export function settleRedraw(
  state: RedrawState,
  now: number,
): { block: LineBlock; state: RedrawState } {
  if (!holdsBack(state)) return { block: { lines: [], runs: [] }, state };
  const thinned = new Thinning(state);
  for (const { source } of state.screens.toSorted(bySource)) thinned.screen(source).settle(now);
  return { block: thinned.block, state: thinned.state };
}

/** Which source has printed first depends on how the log was cut into blocks. */
function bySource({ source }: ScreenState, { source: other }: ScreenState): number {
  return String(source) < String(other) ? -1 : 1;
}

/** One pass over a block. */
class Thinning {
  readonly block: LineBlock = { lines: [], runs: [] };
  readonly #states: ScreenState[];
  readonly #screens = new Map<LogSource | null, Screen>();

  constructor(state: RedrawState) {
    this.#states = structuredClone([...state.screens]);
  }

  get state(): RedrawState {
    return { screens: this.#states };
  }

  screen(source: LogSource | null): Screen {
    let screen = this.#screens.get(source);
    if (screen === undefined) {
      let state = this.#states.find((it) => it.source === source);
      if (state === undefined) {
        state = newScreen(source);
        this.#states.push(state);
      }
      screen = new Screen(state, (line) => this.#store(line));
      this.#screens.set(source, screen);
    }
    return screen;
  }

  #store({ text, time, source, progress }: ScreenLine): void {
    const { lines, runs } = this.block;
    lines.push(text);
    const last = runs.at(-1);
    if (last?.time === time && last.source === source && last.progress === progress) last.count++;
    else runs.push({ count: 1, time, source, ...(progress ? { progress } : {}) });
  }
}
