import { listenTo } from './gestures.ts';
import { paintMatches } from './highlight.ts';
import { type LineRange, RowElements, rowHeight } from './row-elements.ts';
import type { Rows } from './rows.ts';
import { Scale } from './scale.ts';
import { LogSelection } from './selection.ts';

/** How many rows are drawn above and below what is seen. */
const overscan = 12;
/** A place is fetched when a dragged scrollbar has rested there for so long, in milliseconds. */
const restMs = 40;

export interface ViewportEvents {
  /** The first and last row that are seen. */
  moved: (first: number, last: number) => void;
  followed: (isFollowing: boolean) => void;
  /** Somebody chose lines by their numbers. */
  marked: (range: LineRange) => void;
  said: (text: string) => void;
}

/**
 * Shows rows, however many there are, in one scroller. Its truth is a place: a row, and how many of its pixels are
 * above the upper edge. The scrollbar follows from it. Small moves of the bar move by pixels, large ones and a held
 * bar lead to a share of the log.
 */
export class LogViewport {
  readonly #scroller: HTMLElement;
  readonly #space = document.createElement('div');
  readonly #elements: RowElements;
  readonly #selection: LogSelection;
  readonly #events: ViewportEvents;
  readonly #scale = new Scale();
  readonly #left = new AbortController();
  #rows: Rows;
  #place = { row: 0, px: 0 };
  #top = 0;
  #isDragged = false;
  #isFollowing = false;
  #isAtEnd = false;
  #isQueued = false;
  #widest = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #expression: RegExp | null = null;

  constructor(scroller: HTMLElement, rows: Rows, events: ViewportEvents) {
    this.#scroller = scroller;
    this.#rows = rows;
    this.#events = events;
    this.#elements = new RowElements(rows);
    this.#selection = new LogSelection(this.#elements, events.said);
    this.#space.className = 'space';
    this.#space.append(this.#elements.holder);
    scroller.replaceChildren(this.#space);
    this.#listen();
  }

  get place(): number {
    return this.#place.row;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Shows other rows, from the first one on. */
  show(rows: Rows): void {
    this.#rows = rows;
    this.#elements.rows = rows;
    this.#elements.clear();
    this.#place = { row: 0, px: 0 };
    this.#layout();
    this.#syncBar();
  }

  follow(isOn: boolean): void {
    if (this.#isFollowing === isOn) return;
    this.#isFollowing = isOn;
    this.#events.followed(isOn);
    this.update();
  }

  /** Goes to a row; `share` says where in the view it comes: 0 at the top, 0.3 a third down. */
  jump(row: number, share = 0): void {
    this.follow(false);
    const above = Math.floor((this.#scroller.clientHeight * share) / rowHeight);
    this.#place = { row: clamp(row - above, this.#rows.total), px: 0 };
    this.#layout();
    this.#syncBar();
  }

  mark(range: LineRange | null): void {
    this.#elements.mark(range);
  }

  highlight(expression: RegExp | null): void {
    this.#expression = expression;
    paintMatches(this.#elements.values(), expression);
  }

  wrap(isOn: boolean): void {
    this.#scale.isWrapped = isOn;
    this.#scroller.classList.toggle('wrap', isOn);
    this.#forgetWidth();
    this.#layout();
    this.#syncBar();
  }

  /** What the column of times says; null for no such column. */
  times(timeOf: RowElements['timeOf']): void {
    this.#elements.timeOf = timeOf;
    this.#elements.clear();
    this.#forgetWidth();
    this.#layout();
  }

  /** Something has changed: everything is laid out again at the next frame. */
  update(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    requestAnimationFrame(() => {
      this.#isQueued = false;
      if (!this.#left.signal.aborted) this.#layout();
    });
  }

  close(): void {
    this.#left.abort();
    clearTimeout(this.#rest);
    paintMatches([], null);
  }

  #listen(): void {
    const { signal } = this.#left;
    const observer = new ResizeObserver(() => this.update());
    observer.observe(this.#scroller);
    signal.addEventListener('abort', () => observer.disconnect());
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true, signal });
    this.#scroller.addEventListener('scrollend', () => this.#syncBar(), { passive: true, signal });
    listenTo(this.#scroller, {
      signal,
      dragged: (isDragged) => {
        this.#isDragged = isDragged;
      },
      left: () => this.follow(false),
      toStart: () => this.jump(0),
      toEnd: () => this.toEnd(),
      selectedAll: () => this.#selection.selectAll(),
      unselected: () => this.#selection.clear(),
      copied: (event) => this.#selection.copy(event),
      selected: () => {
        if (this.#selection.update()) this.follow(false);
      },
      chosen: (range) => {
        this.follow(false);
        this.mark(range);
        this.#events.marked(range);
      },
    });
  }

  #scrolled(): void {
    const top = this.#scroller.scrollTop;
    const delta = top - this.#top;
    if (delta === 0) return;
    this.#top = top;
    const view = this.#scroller.clientHeight;
    if (delta < 0) this.follow(false);
    if (this.#isDragged || Math.abs(delta) > 3 * view) {
      this.#place = this.#scale.placeAt(top, view, this.#rows.total);
    } else this.#move(delta);
    this.#layout();
    // The bar is at its end and the log is not, or the other way round: nothing would move any more.
    const isStuck =
      (top <= 0 && (this.#place.row > 0 || this.#place.px > 0)) ||
      (top >= this.#scale.height(this.#rows.total) - view - 1 && !this.#isAtEnd);
    if (isStuck) this.#syncBar();
    if (this.#isAtEnd && delta > 0 && !this.#rows.complete) this.follow(true);
  }

  /** Moves the place by pixels, through rows whose heights are known where they are drawn. */
  #move(delta: number): void {
    let { row, px } = this.#place;
    px += delta;
    while (px < 0 && row > 0) {
      row -= 1;
      px += this.#heightOf(row);
    }
    while (row < this.#rows.total - 1 && px >= this.#heightOf(row)) {
      px -= this.#heightOf(row);
      row += 1;
    }
    this.#place = { row, px: Math.max(0, px) };
  }

  #heightOf(row: number): number {
    return this.#scale.isWrapped ? (this.#elements.get(row)?.offsetHeight ?? rowHeight) : rowHeight;
  }

  #layout(): void {
    const rows = this.#rows;
    // Somebody who follows sees what has come: of a log that grows faster than that, they would see nothing.
    const total = this.#isFollowing ? rows.end : rows.total;
    const view = this.#scroller.clientHeight;
    this.#space.style.height = `${this.#scale.height(rows.total)}px`;
    if (total === 0 || view === 0) {
      this.#elements.show(0, 0, []);
      return;
    }
    const seen = Math.ceil(view / rowHeight);
    if (this.#isFollowing) this.#place = { row: Math.max(0, total - seen), px: 0 };
    this.#place.row = clamp(this.#place.row, total);
    const to = Math.min(total, this.#place.row + seen + overscan);
    let from = Math.max(0, this.#place.row - overscan);
    const draw = () => this.#elements.show(from, to, this.#selection.pinned);
    draw();
    if (this.#scale.isWrapped) this.#learnHeights(from, to);
    // From the place down to the lower edge, above which the last row never ends.
    let y = -this.#place.px;
    let bottom = y;
    for (let row = this.#place.row; row < to; row += 1) bottom += this.#heightOf(row);
    this.#isAtEnd = to === total && bottom <= view + 1;
    if (to === total && (bottom < view || this.#isFollowing)) {
      y += view - bottom;
      while (y > 0 && this.#place.row > 0) {
        this.#place.row -= 1;
        if (this.#place.row < from) {
          from = Math.max(0, from - overscan);
          draw();
        }
        y -= this.#heightOf(this.#place.row);
      }
      // Many wrapped rows at the end may need more than the view: those at its top go.
      while (this.#place.row < total - 1 && -y >= this.#heightOf(this.#place.row)) {
        y += this.#heightOf(this.#place.row);
        this.#place.row += 1;
      }
      y = Math.min(0, y);
      this.#place.px = -y;
    }
    let top = y;
    for (let row = from; row < this.#place.row; row += 1) top -= this.#heightOf(row);
    const most = this.#scale.height(rows.total) - view;
    if (this.#isFollowing) this.#setTop(most);
    else if (this.#top > most) this.#setTop(this.#idealTop());
    // Not by a transform, of which the numbers of rows taller than the view would know nothing.
    this.#elements.holder.style.top = `${this.#scroller.scrollTop + top}px`;
    this.#keepWidth();
    this.#events.moved(this.#place.row, Math.min(total, this.#place.row + seen) - 1);
    this.#fetch(from, to);
    if (this.#expression) paintMatches(this.#elements.values(), this.#expression);
  }

  /** While the bar is dragged, only the place where it rests is fetched. */
  #fetch(from: number, to: number): void {
    clearTimeout(this.#rest);
    const go = () => void this.#rows.want(from, to).catch(() => {});
    if (this.#isDragged) this.#rest = setTimeout(go, restMs);
    else go();
  }

  #learnHeights(from: number, to: number): void {
    for (let row = from; row < to; row += 1) this.#scale.learn(this.#heightOf(row));
  }

  /** The widest row so far says how far one can scroll sideways; if that shrank, the bar below would dance. */
  #keepWidth(): void {
    if (this.#scale.isWrapped) return;
    const width = this.#elements.holder.scrollWidth;
    if (width <= this.#widest) return;
    this.#widest = width;
    this.#elements.holder.style.minWidth = `${width}px`;
  }

  #forgetWidth(): void {
    this.#widest = 0;
    this.#elements.holder.style.minWidth = '';
  }

  #idealTop(): number {
    const { row, px } = this.#place;
    const at = row + px / Math.max(1, this.#heightOf(row));
    return this.#scale.topOf(at, this.#scroller.clientHeight, this.#rows.total);
  }

  /** Sets the bar to where the place is; nothing that is seen moves. */
  #syncBar(): void {
    if (this.#isFollowing || this.#isDragged) return;
    if (this.#scale.settle())
      this.#space.style.height = `${this.#scale.height(this.#rows.total)}px`;
    const ideal = this.#idealTop();
    if (Math.abs(ideal - this.#scroller.scrollTop) < 2) return;
    this.#setTop(ideal);
    this.#layout();
  }

  #setTop(top: number): void {
    this.#scroller.scrollTop = top;
    this.#top = this.#scroller.scrollTop;
  }

  /** To the last row; while the log grows, along with it. */
  toEnd(): void {
    if (this.#rows.complete) this.jump(this.#rows.total - 1);
    else this.follow(true);
  }
}

function clamp(row: number, total: number): number {
  return Math.max(0, Math.min(total - 1, row));
}
