import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const clearRow = '\r\u001b[K';

/** A terminal, a file or a pipe. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/**
 * Where a command's words go: results to stdout, remarks to stderr, and, where stdout is a terminal,
 * one status line that stays below both.
 */
export class Screen {
  readonly #stdout: Output;
  readonly #stderr: Output;
  #status: ((columns: number) => string) | null = null;
  #drawn = false;

  /** Whether stdout shows colours, by NO_COLOR, FORCE_COLOR and the terminal. */
  readonly colours: boolean;
  /** Whether a status line is shown at all. */
  readonly live: boolean;

  constructor(options: { stdout: Output; stderr: Output; dumb: boolean }) {
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    this.colours = this.paint('red', '.') !== '.';
    this.live = Boolean(options.stdout.isTTY) && !options.dumb;
  }

  /** Text in a style, where stdout shows colours. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stdout });
  }

  /** Writes whole lines to stdout; resolves when there is room for more. */
  async print(text: string): Promise<void> {
    const room = this.#stdout.write(`${this.#cleared()}${text}\n`);
    this.#draw();
    if (!room) await new Promise<void>((resolve) => this.#stdout.once('drain', resolve));
  }

  /** Writes what is complete in itself, such as a help text. */
  write(text: string, to: 'stdout' | 'stderr'): void {
    (to === 'stdout' ? this.#stdout : this.#stderr).write(text);
  }

  /** Writes a remark to stderr: what a reader should know, yet no pipe should carry. */
  note(text: string, style: Style = 'dim'): void {
    const cleared = this.#cleared();
    if (cleared) this.#stdout.write(cleared);
    this.#stderr.write(`${styleText(style, `trainyard: ${text}`, { stream: this.#stderr })}\n`);
    this.#draw();
  }

  /** Sets the status line, made for a width in columns; null takes it away. */
  status(line: ((columns: number) => string) | null): void {
    if (!this.live) return;
    const cleared = this.#cleared();
    this.#status = line;
    if (cleared) this.#stdout.write(cleared);
    this.#draw();
  }

  /** What takes the status line off the screen. */
  #cleared(): string {
    if (!this.#drawn) return '';
    this.#drawn = false;
    return clearRow;
  }

  #draw(): void {
    if (!this.#status) return;
    // The last column stays free: a terminal would go on to the next row.
    this.#stdout.write(this.#status((this.#stdout.columns || 80) - 1));
    this.#drawn = true;
  }
}
