/** The text of a screen's row while it is written, cell by cell where the cursor goes back. */
export class RowText {
  /** As it came, as long as nothing was written over. */
  #text = '';
  #cells: string[] | null = null;
  #column = 0;

  get text(): string {
    return this.#cells === null ? this.#text : this.#cells.join('');
  }

  write(text: string): void {
    if (this.#cells === null) {
      this.#text += text;
      return;
    }
    for (const cell of cellsOf(text)) {
      while (this.#cells.length < this.#column) this.#cells.push(' ');
      this.#cells[this.#column] = cell;
      this.#column += 1;
    }
  }

  left(by: number): void {
    this.#toCells();
    this.#column = Math.max(0, this.#column - by);
  }

  column(to: number): void {
    this.#toCells();
    this.#column = to;
  }

  /** Erases all, or what stands to the right of the cursor. */
  erase({ all }: { all: boolean }): void {
    if (all) this.clear();
    else if (this.#cells !== null) this.#cells.length = Math.min(this.#cells.length, this.#column);
  }

  clear(): void {
    this.#text = '';
    this.#cells = null;
    this.#column = 0;
  }

  #toCells(): void {
    if (this.#cells !== null) return;
    this.#cells = cellsOf(this.#text);
    this.#column = this.#cells.length;
  }
}

/** A character a cell, each with the colours that are set before it; colours at the end belong to the last one. */
function cellsOf(text: string): string[] {
  const cells: string[] = [];
  let colours = '';
  for (const [part] of text.matchAll(cell)) {
    if (part.length > 2) colours += part;
    else {
      cells.push(colours + part);
      colours = '';
    }
  }
  const last = cells.pop();
  if (last !== undefined) cells.push(last + colours);
  return cells;
}

const colour = '\u001b\\[[\\d;]*m';
const cell = new RegExp(`${colour}|.`, 'gsu');
