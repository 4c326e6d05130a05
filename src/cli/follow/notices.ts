import type { LogEntriesFragment } from '@trainyard/client';
import type { Screen } from '../screen/screen.ts';
import { visible } from '../screen/visible.ts';

type Notice = NonNullable<LogEntriesFragment['notice']>;

/** Shows each notice once, although both the job and its log report it. */
export class Notices {
  readonly #screen: Screen;
  readonly #label: string;
  readonly #shown = new Set<string>();

  /** `label` stands before each. */
  constructor(screen: Screen, label = '') {
    this.#screen = screen;
    this.#label = label;
  }

  show(notice: Notice | null): void {
    if (notice === null || this.#shown.has(notice.code)) return;
    this.#shown.add(notice.code);
    for (const text of linesOf(notice)) this.#screen.note(this.#label + text, 'yellow');
  }
}

function linesOf({ code, message, url, help }: Notice): string[] {
  const lines = [`${code}: ${message}${url ? ` ${url}` : ''}`, ...help.map((step) => `  ${step}`)];
  return lines.map((line) => visible(line, { colours: false }));
}
