import { rowHeight } from './row-elements.ts';

/** Browsers draw nothing beyond some 16 to 33 million px; this stays well below. */
const maxHeight = 8_000_000;

/** How far down a scrollbar each row is, in px. Wrapped rows count with the mean of those that were seen. */
export class Scale {
  isWrapped = false;
  #wrapped = rowHeight;
  #seen = { sum: 0, count: 0 };

  /** Takes note of a wrapped row's height, for the next `settle`. */
  learn(height: number): void {
    this.#seen.sum += height;
    this.#seen.count += 1;
  }

  /** Takes over what was learned, which is for when nothing moves. True where that may have changed the height. */
  settle(): boolean {
    if (!this.isWrapped || this.#seen.count === 0) return false;
    this.#wrapped = this.#seen.sum / this.#seen.count;
    return true;
  }

  /** Of all rows. */
  height(total: number): number {
    return Math.min(maxHeight, Math.max(1, total) * this.#mean);
  }

  /** Where the bar is when this row, with a fraction of it, is at the view's upper edge. */
  topOf(row: number, view: number, total: number): number {
    const rows = Math.max(1, total - view / this.#mean);
    return Math.round(Math.min(1, row / rows) * (this.height(total) - view));
  }

  /** The row, and how many of its pixels, that are above the upper edge when the bar is there. */
  placeAt(top: number, view: number, total: number): { row: number; px: number } {
    const share = Math.min(1, top / Math.max(1, this.height(total) - view));
    const exact = share * Math.max(0, total - view / this.#mean);
    return { row: Math.floor(exact), px: (exact % 1) * rowHeight };
  }

  get #mean(): number {
    return this.isWrapped ? this.#wrapped : rowHeight;
  }
}
