import { plural } from '../parts/format.ts';
import { plainText } from './ansi.ts';
import { indexOf, type RowElements, textOf } from './row-elements.ts';

/** The most lines that are copied. They are fetched as the selection grows, so that a copy need not wait. */
const maxCopied = 20_000;

/**
 * A selection over more rows than are shown: the rows of its two ends stay in the document, and what is copied is
 * the log between them, without numbers and times.
 */
export class LogSelection {
  readonly #elements: RowElements;
  /** Is told what a copy will bring; empty where nothing over several rows is selected. */
  readonly #say: (text: string) => void;
  /** Where the browser's selection begins and ends. */
  #ends: { anchor: number; focus: number } | null = null;
  #isAll = false;

  constructor(elements: RowElements, say: (text: string) => void) {
    this.#elements = elements;
    this.#say = say;
  }

  /** The rows that must stay in the document. */
  get pinned(): readonly number[] {
    return this.#ends ? [this.#ends.anchor, this.#ends.focus] : [];
  }

  /** Takes note of what the browser has selected. True while that is in the log. */
  update(): boolean {
    const selection = getSelection();
    const anchor = this.#indexAt(selection?.anchorNode ?? null);
    const focus = this.#indexAt(selection?.focusNode ?? null);
    // A caret counts, too: a click with Shift selects from there, however far away it is.
    this.#ends = anchor === null || focus === null ? null : { anchor, focus };
    const isHere = this.#ends !== null && selection?.isCollapsed === false;
    if (selection?.isCollapsed === false) this.#isAll = false;
    if (!this.#isAll) this.#prepare();
    return isHere;
  }

  /** Selects the whole log, of which the browser sees only what is shown. */
  selectAll(): void {
    getSelection()?.removeAllRanges();
    this.#isAll = true;
    this.#prepare();
  }

  clear(): void {
    this.#isAll = false;
    this.#say('');
  }

  /** Fills the clipboard in the event itself: without HTTPS there is no other way to it. */
  copy(event: ClipboardEvent): void {
    const [first, last] = this.#bounds();
    if (first >= last) return;
    event.preventDefault();
    const lines = last - first + 1;
    if (lines > maxCopied) {
      this.#prepare();
      return;
    }
    for (let index = first; index <= last; index += 1) {
      if (this.#elements.rows.row(index)) continue;
      this.#say('The lines are still coming. Copy again.');
      return;
    }
    event.clipboardData?.setData('text/plain', this.#text(first, last));
    this.#say(`${plural(lines, 'line')} copied.`);
  }

  #prepare(): void {
    const [first, last] = this.#bounds();
    const lines = last - first + 1;
    if (lines < 2) this.#say('');
    else if (lines > maxCopied) {
      const most = plural(maxCopied, 'line');
      this.#say(
        `${plural(lines, 'line')} selected, more than the ${most} that can be copied. Download the log.`,
      );
    } else {
      void this.#elements.rows.want(first, last + 1).catch(() => {});
      this.#say(`${plural(lines, 'line')} selected. Ctrl-C copies them.`);
    }
  }

  #bounds(): [number, number] {
    if (this.#isAll) return [0, this.#elements.rows.total - 1];
    if (!this.#ends) return [0, -1];
    const { anchor, focus } = this.#ends;
    return [Math.min(anchor, focus), Math.max(anchor, focus)];
  }

  #text(first: number, last: number): string {
    const selection = getSelection();
    const range = this.#isAll || !selection?.rangeCount ? null : selection.getRangeAt(0);
    const lines: string[] = [];
    for (let index = first; index <= last; index += 1) {
      lines.push(plainText(this.#elements.rows.row(index)?.text ?? ''));
    }
    if (range) {
      const end = this.#cut(last, range.endContainer, range.endOffset);
      const begin = this.#cut(first, range.startContainer, range.startOffset);
      lines.push((lines.pop() ?? '').slice(0, end));
      lines.unshift((lines.shift() ?? '').slice(begin));
    }
    return lines.join('\n');
  }

  /** How many characters of a row's text lie before a place in the document. */
  #cut(index: number, node: Node, offset: number): number {
    const row = this.#elements.get(index);
    const text = row && textOf(row);
    if (!text) return 0;
    const before = document.createRange();
    before.selectNodeContents(text);
    if (text.contains(node)) before.setEnd(node, offset);
    else if (node.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING) return 0;
    return before.toString().length;
  }

  #indexAt(node: Node | null): number | null {
    const element = node instanceof Element ? node : node?.parentElement;
    const row = element?.closest('.row');
    return row && this.#elements.holder.contains(row) ? indexOf(row) : null;
  }
}
