/** The bits of a braille character's dots, by row from the top and by column. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const blank = 0x2800;

/** A drawing of braille characters: each is two dots wide and four high. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #cells: Uint8Array;
  readonly #columns: number;

  /** In characters; `width` and `height` are in dots. */
  constructor({ columns, rows }: { columns: number; rows: number }) {
    this.#columns = columns;
    this.width = columns * 2;
    this.height = rows * 4;
    this.#cells = new Uint8Array(columns * rows);
  }

  /** Draws a straight line between two dots, both included; `y` counts from the top. */
  line(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
    for (let step = 0; step <= steps; step += 1) {
      const part = step / steps;
      this.#dot(
        Math.round(from.x + (to.x - from.x) * part),
        Math.round(from.y + (to.y - from.y) * part),
      );
    }
  }

  rows(): string[] {
    const characters = Array.from(this.#cells, (cell) => String.fromCharCode(blank + cell));
    const rows: string[] = [];
    for (let at = 0; at < characters.length; at += this.#columns) {
      rows.push(characters.slice(at, at + this.#columns).join(''));
    }
    return rows;
  }

  #dot(x: number, y: number): void {
    const bit = dots[y % 4]?.[x % 2];
    if (bit === undefined || x >= this.width || y >= this.height) return;
    const cell = Math.floor(y / 4) * this.#columns + Math.floor(x / 2);
    this.#cells[cell] = (this.#cells[cell] ?? 0) | bit;
  }
}
