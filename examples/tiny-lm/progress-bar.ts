/** At most ten times a second. */
const intervalMs = 100;
const width = 10;

/** A progress bar on stderr that looks like tqdm's: each state replaces the one before, by `\r`. */
export class ProgressBar {
  readonly #total: number;
  readonly #startedAt = performance.now();
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(total: number) {
    this.#total = total;
  }

  /** Draws the bar if it is time. */
  update(step: number): void {
    if (performance.now() - this.#drawnAt >= intervalMs) this.draw(step);
  }

  draw(step: number): void {
    this.#drawnAt = performance.now();
    process.stderr.write(`${this.#state(step)}\r`);
  }

  /** Draws the final state, and ends the line. */
  close(step: number): void {
    process.stderr.write(`${this.#state(step)}\n`);
  }

  #state(step: number): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rate = step / seconds;
    const remaining = step > 0 ? clock((this.#total - step) / rate) : '?';
    const speed = step > 0 ? rate.toFixed(2).padStart(5) : '?';
    const share = step / this.#total;
    const percent = String(Math.floor(100 * share)).padStart(3);
    return `${percent}%|${blocks(share)}| ${step}/${this.#total} [${clock(seconds)}<${remaining}, ${speed}it/s]`;
  }
}

/** Eighths of a character, as far as the share goes. */
function blocks(share: number): string {
  const eighths = Math.floor(share * width * 8);
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '';
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(width);
}

function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const minutes = `${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`;
}
