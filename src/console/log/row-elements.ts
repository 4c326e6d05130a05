import { parseAnsi, type Span } from './ansi.ts';
import type { AnsiStyle } from './ansi-style.ts';
import type { Line, Rows } from './rows.ts';

/** The height of a row that is not wrapped, in px; the style sheet has the same. */
export const rowHeight = 18;

/** From the number of the first line to that of the last. */
export type LineRange = readonly [number, number];

/** The elements of the rows that are shown, and of those that a selection needs. */
export class RowElements {
  readonly holder = document.createElement('div');
  /** What the column of times says of a line; null where there is no such column. */
  timeOf: ((line: Line) => string) | null = null;
  rows: Rows;
  readonly #elements = new Map<number, HTMLElement>();
  #marked: LineRange | null = null;

  constructor(rows: Rows) {
    this.rows = rows;
    this.holder.className = 'rows';
  }

  get(index: number): HTMLElement | undefined {
    return this.#elements.get(index);
  }

  values(): Iterable<HTMLElement> {
    return this.#elements.values();
  }

  /** Shows the rows from `from` to before `to`, and keeps the `pinned` ones in the document. */
  show(from: number, to: number, pinned: readonly number[]): void {
    for (const [index, element] of this.#elements) {
      if (index >= from && index < to) element.classList.remove('pinned');
      else if (pinned.includes(index)) element.classList.add('pinned');
      else {
        element.remove();
        this.#elements.delete(index);
      }
    }
    let next = this.holder.firstElementChild;
    while (next && indexOf(next) < from) next = next.nextElementSibling;
    for (let index = from; index < to; index += 1) {
      let element = this.#elements.get(index);
      if (!element) {
        element = emptyRow(index);
        this.holder.insertBefore(element, next);
        this.#elements.set(index, element);
      }
      next = element.nextElementSibling;
      const line = this.rows.row(index);
      const state = line ? 'here' : 'awaited';
      if (element.dataset.state !== state) this.#fill(element, index, line);
    }
  }

  /** Draws everything anew at the next `show`. */
  clear(): void {
    this.#elements.clear();
    this.holder.replaceChildren();
  }

  mark(range: LineRange | null): void {
    this.#marked = range;
    for (const [index, element] of this.#elements) {
      element.classList.toggle('marked', this.#isMarked(index));
    }
  }

  #isMarked(index: number): boolean {
    const line = this.rows.lineOf(index);
    const [first, last] = this.#marked ?? [1, 0];
    return line !== undefined && line >= first && line <= last;
  }

  #fill(element: HTMLElement, index: number, line: Line | undefined): void {
    element.dataset.state = line ? 'here' : 'awaited';
    element.className = `row ${line?.level?.toLowerCase() ?? ''}`;
    element.classList.toggle('marked', this.#isMarked(index));
    const number = this.rows.lineOf(index);
    const link = document.createElement('a');
    link.className = 'number';
    link.tabIndex = -1;
    // A selection may begin at a number.
    link.draggable = false;
    if (number !== undefined) {
      link.href = `#L${number}`;
      // Drawn by the style sheet, so that it is neither copied nor found.
      link.dataset.number = String(number);
      link.setAttribute('aria-label', `Line ${number}`);
    }
    const text = document.createElement('span');
    text.className = 'text';
    if (line) text.append(...parseAnsi(line.text).map(spanNode));
    element.replaceChildren(link);
    if (line && this.timeOf) element.append(timeElement(this.timeOf(line)));
    const gap = this.rows.gapBefore(index);
    if (gap) element.append(gapElement(gap));
    element.append(text);
  }
}

export function indexOf(element: Element): number {
  return element instanceof HTMLElement ? Number(element.dataset.index) : Number.NaN;
}

/** The element that holds the text of a row. */
export function textOf(row: Element): HTMLElement | null {
  return row.querySelector<HTMLElement>('.text');
}

function emptyRow(index: number): HTMLElement {
  const element = document.createElement('div');
  element.dataset.index = String(index);
  return element;
}

function timeElement(text: string): HTMLElement {
  const element = document.createElement('span');
  element.className = 'time';
  element.dataset.time = text;
  return element;
}

function gapElement(reason: string): HTMLElement {
  const element = document.createElement('span');
  element.className = 'gap';
  element.dataset.gap = `Lines are missing here: ${reason}`;
  element.title = reason;
  return element;
}

function spanNode({ text, style }: Span): Node {
  if (!style) return document.createTextNode(text);
  const element = document.createElement('span');
  element.className = classesOf(style);
  // Set by the object model, which the policy allows; as an attribute it would not be.
  if (typeof style.color === 'string') element.style.color = style.color;
  if (typeof style.background === 'string') element.style.backgroundColor = style.background;
  element.textContent = text;
  return element;
}

const words = ['bold', 'dim', 'italic', 'underline', 'struck', 'reverse'] as const;

function classesOf(style: AnsiStyle): string {
  const classes: string[] = words.filter((word) => style[word]);
  if (typeof style.color === 'number') classes.push(`fg${style.color}`);
  if (typeof style.background === 'number') classes.push(`bg${style.background}`);
  return classes.join(' ');
}
