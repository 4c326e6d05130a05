import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** A plain log file with the position of every line in memory: the floor for appending and for pages. */
export class IndexedFile {
  readonly path: string;
  readonly #file: number;
  readonly #starts: Float64Array;
  #lines = 0;
  #bytes = 0;

  constructor(path: string, maxLines: number) {
    this.path = path;
    this.#file = openSync(path, 'wx+', 0o600);
    this.#starts = new Float64Array(maxLines + 1);
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(lines: readonly string[]): void {
    const text = Buffer.from(`${lines.join('\n')}\n`);
    writeSync(this.#file, text);
    let end = -1;
    for (let line = 0; line < lines.length; line++) {
      end = text.indexOf(10, end + 1);
      this.#lines += 1;
      this.#starts[this.#lines] = this.#bytes + end + 1;
    }
    this.#bytes += text.length;
  }

  page(first: number, count: number): string[] {
    const start = this.#starts[first] ?? 0;
    const end = this.#starts[Math.min(first + count, this.#lines)] ?? 0;
    const text = Buffer.allocUnsafe(end - start - 1);
    readSync(this.#file, text, 0, text.length, start);
    return text.toString('utf8').split('\n');
  }

  close(): void {
    closeSync(this.#file);
  }
}
