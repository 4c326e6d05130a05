import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const clearRow = '\r\u001b[K';
const clearRowAbove = '\u001b[A\u001b[K';

/** A terminal, a file or a pipe. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

/** Makes the status rows, each of at most `columns` characters; the last `rows` of them are shown. */
export type StatusRows = (size: { columns: number; rows: number }) => string[];

/**
 * The output of a command. Results go to stdout and remarks to stderr. On a terminal, some status rows stay below
 * both.
 */
export class Screen {
  readonly #stdout: Output;
  readonly #stderr: Output;
  #status: StatusRows | null = null;
  /** How many rows of it are on the screen. */
  #drawn = 0;

  /** True where stdout shows colours, which depends on NO_COLOR, FORCE_COLOR and the terminal. */
  readonly colours: boolean;
  /** True where status rows are shown. */
  readonly live: boolean;

  constructor(options: { stdout: Output; stderr: Output; dumb: boolean }) {
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    this.colours = this.paint('red', '.') !== '.';
    this.live = Boolean(options.stdout.isTTY) && !options.dumb;
  }

  /** The width of the output, in characters; 80 where it is no terminal. */
  get columns(): number {
    return this.#stdout.columns || 80;
  }

  /** The text in a style, or as it is where stdout shows no colours. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stdout });
  }

  /** Writes whole lines to stdout. Resolves when there is room for more. */
  async print(text: string): Promise<void> {
    const room = this.#stdout.write(`${this.#cleared()}${text}\n`);
    this.#draw();
    if (!room) await new Promise<void>((resolve) => this.#stdout.once('drain', resolve));
  }

  /** Writes a complete text, such as a help text. */
  write(text: string, to: 'stdout' | 'stderr'): void {
    (to === 'stdout' ? this.#stdout : this.#stderr).write(text);
  }

  /** Writes a remark to stderr, so that it never gets into a pipe. */
  note(text: string, style: Style = 'dim'): void {
    const cleared = this.#cleared();
    if (cleared) this.#stdout.write(cleared);
    this.#stderr.write(`${styleText(style, `trainyard: ${text}`, { stream: this.#stderr })}\n`);
    this.#draw();
  }

  /** Sets the function that makes the status rows; null takes them away. */
  status(rows: StatusRows | null): void {
    if (!this.live) return;
    const cleared = this.#cleared();
    this.#status = rows;
    if (cleared) this.#stdout.write(cleared);
    this.#draw();
  }

  /** The text that takes the status rows off the screen; empty where there are none. */
  #cleared(): string {
    if (this.#drawn === 0) return '';
    const cleared = clearRow + clearRowAbove.repeat(this.#drawn - 1);
    this.#drawn = 0;
    return cleared;
  }

  #draw(): void {
    if (!this.#status) return;
    const { columns, rows } = this.#stdout;
    // The last column stays free, because a terminal would wrap to the next row after it; rows that have scrolled
    // out of the screen could not be cleared.
    const size = { columns: (columns || 80) - 1, rows: (rows || 24) - 1 };
    const shown = this.#status(size).slice(-size.rows);
    this.#stdout.write(shown.join('\n'));
    this.#drawn = shown.length;
  }
}
