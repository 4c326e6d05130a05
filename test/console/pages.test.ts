import { expect } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy } from '../support/clients.ts';
import { accessibilityFaults, browserTest, openConsole, skipped } from '../support/console.ts';

const patience = { timeout: 120_000 };

browserTest(
  `jobs are compared, all logs searched, on a small screen, too${skipped}`,
  patience,
  async () => {
    await using app = await openTestApp();
    await using browser = await openConsole();
    const { page } = browser;
    const start = (name: string, lines: number) =>
      deploy(app.url, { recipe: 'print', name, config: { lines, same: 1 } });
    const ids = [await start('short', 3), await start('long', 30)];

    await page.goto(app.url);
    await page.getByLabel('Compare short').check();
    await page.getByLabel('Compare long').check();
    await page.getByRole('link', { name: 'Compare 2' }).click();
    await page.getByRole('row', { name: 'config.lines 3 30' }).waitFor();
    expect(await page.getByText('config.same').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByLabel('Text to look for').fill('LINE 29');
    await page.keyboard.press('Enter');
    const found = page.getByRole('region', { name: 'long' });
    await expect
      .poll(async () => {
        await page.reload();
        await page.getByText('Looking').waitFor({ state: 'hidden' });
        return found.count();
      })
      .toBe(1);
    expect(await page.getByRole('region', { name: 'short' }).count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await found.getByText('line 29').click();
    await page.locator('.row.marked', { hasText: 'line 29' }).waitFor();
    expect(page.url()).toBe(`${app.url}/jobs/${ids[1]}#L29`);

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');

    await page.setViewportSize({ width: 400, height: 800 });
    const paths = [
      '',
      `jobs/${ids[1]}`,
      `jobs/${ids[1]}?tab=settings`,
      'deploy',
      'search',
      'providers',
    ];
    for (const path of [...paths, `compare?ids=${ids.join()}`]) {
      await page.goto(`${app.url}/${path}`);
      await page.locator('main :is(table, form, .row, .card, pre):visible').first().waitFor();
      const overhang = await page.evaluate(() => {
        const main = document.querySelector('main');
        return Math.max(
          document.documentElement.scrollWidth - innerWidth,
          main ? main.scrollWidth - main.clientWidth : 0,
        );
      });
      expect([path, overhang]).toEqual([path, 0]);
    }
    expect(browser.complaints).toEqual([]);
  },
);
