import { plainText } from '../plain-text.ts';
import { withoutBar } from '../without-bar.ts';

/** Of a longer line the rest is not looked at. In UTF-16 units. */
const maxChars = 4096;

/** The last lines of a log as people see them: without colours and the bars they are glued to. */
export class LogLines {
  readonly texts: readonly string[];
  readonly #plain: (string | undefined)[] = [];

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  get length(): number {
    return this.texts.length;
  }

  /** Empty beyond both ends. */
  at(index: number): string {
    const known = this.#plain[index];
    if (known !== undefined) return known;
    const text = withoutBar(this.texts[index] ?? '');
    const plain = plainText(text.length > maxChars ? text.slice(0, maxChars) : text).trimEnd();
    if (index >= 0) this.#plain[index] = plain;
    return plain;
  }
}
