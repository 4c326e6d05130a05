import { expect } from 'vitest';
import { browserTest, openConsole, skipped } from '../support/console.ts';
import { ConsoleLog } from '../support/console-log.ts';
import { openTestServer, type TestLog } from '../support/server.ts';

/** So many that no browser could draw them below each other, and that one search cannot look at all. */
const total = 1_200_000;
const patience = { timeout: 120_000 };

// One log for all: more than a million lines take longer to write than all that is done with them.
browserTest(
  `a log of more than a million lines is read like a short one${skipped}`,
  patience,
  async () => {
    await using server = await openTestServer();
    const written = await server.openLog();
    await writeLines(written, 0, total);
    await written.end();
    await using browser = await openConsole();
    const { page } = browser;
    const log = new ConsoleLog(page);
    const address = `${server.url}/jobs/${written.job.id}`;

    // It opens at the end, whose lower edge is the view's.
    await page.goto(address);
    expect(await log.text(total - 1)).toBe(`line ${total - 1}`);
    const end = (await log.seen()).at(-1);
    expect(end).toMatchObject({ line: total - 1 });
    expect(Math.abs((end?.bottom ?? 0) - (end?.view ?? 1))).toBeLessThanOrEqual(1);
    expect(await log.elements()).toBeLessThanOrEqual(500);

    // The bar is exact.
    for (const share of [0, 0.1, 0.5, 0.999, 1]) {
      await log.dragTo(share);
      const rows = (await log.seen())[0]?.view ?? 0;
      const line = Math.floor(share * (total - rows / 18));
      const first = await log.first();
      expect(Math.abs(first - line)).toBeLessThanOrEqual(1);
      await log.text(first);
    }

    // The wheel moves by pixels, wherever one is.
    await log.dragTo(0.5);
    const before = await log.first();
    await log.wheel(900);
    await expect.poll(() => log.first()).toBe(before + 50);
    expect(await log.elements()).toBeLessThanOrEqual(500);

    await log.press('Home');
    expect(await log.first()).toBe(0);
    await log.press('End');
    expect(await log.last()).toBe(total - 1);

    // A link to lines opens them marked, and the number of any line is one.
    await page.goto(`${address}#L1034567-L1034570`);
    await log.text(1_034_567);
    const marked = () => page.locator('.row.marked').count();
    expect(await marked()).toBe(4);
    await page.locator('.row[data-index="1034572"] .number').click();
    expect(new URL(page.url()).hash).toBe('#L1034572');
    await page.locator('.row[data-index="1034575"] .number').click({ modifiers: ['Shift'] });
    expect(new URL(page.url()).hash).toBe('#L1034572-L1034575');
    expect(await marked()).toBe(4);
    await page.goBack();
    await expect.poll(marked).toBe(1);

    // What is found may be anywhere.
    const find = page.getByRole('searchbox', { name: 'Find in the whole log' });
    await page.keyboard.press('Control+F');
    expect(await find.evaluate((field) => field === document.activeElement)).toBe(true);
    await find.fill('LINE 119999');
    // 119999 and 1199990 to 1199999.
    await page.getByText('11 matches').waitFor();
    await find.press('Enter');
    await page.getByText('2 of 11').waitFor();
    await log.text(1_199_990);
    await find.press('Shift+Enter');
    await page.getByText('1 of 11').waitFor();
    // A third down, with what led to it above.
    await log.text(119_999);
    const found = (await log.seen()).find(({ line }) => line === 119_999);
    expect(found?.top).toBeGreaterThan(100);
    expect(await log.painted()).toEqual(['line 119999']);

    // Only what is found, and at one click all again, at the same place.
    await page.getByRole('button', { name: 'Only these lines' }).click();
    await page.getByText('Showing 11 of 1,200,000 lines').waitFor();
    expect((await log.seen()).map(({ line }) => line).slice(0, 2)).toEqual([119_999, 1_199_990]);
    await page.getByRole('button', { name: 'Show all lines' }).click();
    await log.text(119_999);
    await log.text(120_000);

    await page.getByRole('button', { name: 'Regular expression' }).click();
    await find.fill('line (');
    await page.getByText('missing closing').waitFor();
    expect(browser.complaints).toEqual([]);
  },
);

async function writeLines(log: TestLog, from: number, to: number): Promise<void> {
  const batch = 20_000;
  for (let at = from; at < to; at += batch) {
    const count = Math.min(batch, to - at);
    await log.print(...Array.from({ length: count }, (_, index) => `line ${at + index}`));
  }
}
