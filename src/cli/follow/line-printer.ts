import type { LogEntriesFragment, LogLevel } from '@trainyard/client';
import { formatTime, type TimeFormat } from '../screen/line-time.ts';
import type { Screen } from '../screen/screen.ts';
import { visible, visibleJson } from '../screen/visible.ts';
import type { Label } from './labels.ts';
import { Notices } from './notices.ts';

type Style = Parameters<Screen['paint']>[0];

/** How lines are printed. */
export interface LineFormat {
  output: 'text' | 'json';
  /** How the time before each line is told, in the format `text`; null for none. */
  time: TimeFormat | null;
  /** When the job began, as the API has it: relative times count from there. */
  start: string;
  /** What stands before each line, where several jobs are shown. */
  label?: Label;
}

type Entry = LogEntriesFragment['entries'][number];

/** A page of lines; one that is `apart` has lines between it and the one before that are left out. */
type Page = Omit<LogEntriesFragment, 'entries'> & { entries: (Entry & { apart?: boolean })[] };

const levelStyles: Readonly<Record<LogLevel, Style | null>> = {
  DEBUG: 'dim',
  INFO: null,
  WARNING: 'yellow',
  ERROR: 'red',
};

/** Prints pages of a log: lines to stdout, gaps and notices to stderr. */
export class LinePrinter {
  readonly #screen: Screen;
  readonly #format: LineFormat;
  readonly #notices: Notices;

  constructor(screen: Screen, format: LineFormat, notices = new Notices(screen)) {
    this.#screen = screen;
    this.#format = format;
    this.#notices = notices;
  }

  /** Resolves when there is room for the next page. */
  async print({ entries, gaps, notice }: Page): Promise<void> {
    this.#notices.show(notice);
    let from = 0;
    for (const { offset, reason } of gaps) {
      const behind = entries.findIndex((line) => line.offset >= offset);
      const to = behind === -1 ? entries.length : behind;
      await this.#lines(entries.slice(from, to));
      from = to;
      this.#screen.note(
        `lines were lost before line ${offset}: ${visible(reason, { colours: false })}`,
        'yellow',
      );
    }
    await this.#lines(entries.slice(from));
  }

  async #lines(entries: Page['entries']): Promise<void> {
    if (entries.length === 0) return;
    await this.#screen.print(entries.map((line) => this.#line(line)).join('\n'));
  }

  #line(line: Page['entries'][number]): string {
    const { offset, text, time, level, source, apart } = line;
    const { label } = this.#format;
    if (this.#format.output === 'json') {
      const job = label ? { job: label.jobId } : {};
      return visibleJson({ ...job, offset, text, time, level, source });
    }
    const shown = visible(text, { colours: this.#screen.colours });
    // A line with colours of its own keeps them.
    const style = level && !shown.includes('\u001b') ? levelStyles[level] : null;
    const painted = style ? this.#screen.paint(style, shown) : shown;
    const { time: format, start } = this.#format;
    const told = format ? `${this.#screen.paint('dim', formatTime(time, format, start))} ` : '';
    const separator = apart ? `${this.#screen.paint('dim', '--')}\n` : '';
    return `${separator}${label?.prefix ?? ''}${told}${painted}`;
  }
}
