import type { Page } from 'playwright-core';

/** The log view of the console, as a person sees it. */
export class ConsoleLog {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits until this line is seen with its text, and resolves to that. */
  async text(line: number): Promise<string> {
    const row = this.#page.locator(`.row[data-index="${line}"][data-state="here"] .text`);
    return (await row.textContent()) ?? '';
  }

  /** The lines that are seen, from the first to the last, with the pixels between each and the view's upper edge. */
  seen(): Promise<{ line: number; top: number; bottom: number; view: number }[]> {
    return this.#page.evaluate(() => {
      const scroller = document.querySelector('.scroll')?.getBoundingClientRect();
      if (!scroller) return [];
      return [...document.querySelectorAll<HTMLElement>('.row:not(.pinned)')].flatMap((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom <= scroller.top + 0.5 || top >= scroller.bottom - 0.5) return [];
        return {
          line: Number(row.querySelector<HTMLElement>('.number')?.dataset.number),
          top: top - scroller.top,
          bottom: bottom - scroller.top,
          view: scroller.height,
        };
      });
    });
  }

  async first(): Promise<number> {
    return (await this.seen())[0]?.line ?? Number.NaN;
  }

  async last(): Promise<number> {
    return (await this.seen()).at(-1)?.line ?? Number.NaN;
  }

  /** Puts the scrollbar at a share of its way, as a held bar does. */
  async dragTo(share: number): Promise<void> {
    await this.#page.evaluate((to) => {
      const scroller = document.querySelector('.scroll');
      if (!scroller) return;
      scroller.scrollTop = to * (scroller.scrollHeight - scroller.clientHeight);
    }, share);
    await this.#frame();
  }

  /** Turns the wheel over the lines. */
  async wheel(px: number): Promise<void> {
    await this.#page.locator('.scroll').hover();
    await this.turn(px);
  }

  /** Turns the wheel where the pointer is. */
  async turn(px: number): Promise<void> {
    await this.#page.mouse.wheel(0, px);
    await this.#frame();
  }

  async press(key: string): Promise<void> {
    await this.#page.locator('.scroll').press(key);
    await this.#frame();
  }

  /** What is painted as found. */
  painted(): Promise<string[]> {
    return this.#page.evaluate(() =>
      [...(CSS.highlights.get('match') ?? [])].map((range) => String(range)),
    );
  }

  /** How many elements the log consists of. */
  elements(): Promise<number> {
    return this.#page.evaluate(() => document.querySelectorAll('.scroll *').length);
  }

  #frame(): Promise<unknown> {
    return this.#page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }
}
