import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { accessibilityFaults, browserTest, openConsole, skipped } from '../support/console.ts';
import { ConsoleLog } from '../support/console-log.ts';
import { openPathProxy } from '../support/path-proxy.ts';
import { openTestServer } from '../support/server.ts';

const patience = { timeout: 120_000 };

browserTest(`a job is cancelled, deployed again and looked into${skipped}`, patience, async () => {
  await using app = await openTestApp();
  await using browser = await openConsole();
  const { page } = browser;
  const log = new ConsoleLog(page);
  const externalId = async (id: string): Promise<string> => {
    const query = 'query ($id: ID!) { job(id: $id) { externalId } }';
    const read = async () => (await graphql(app.url, query, { id })).data?.job.externalId ?? '';
    await expect.poll(read).not.toBe('');
    return read();
  };

  // Cancelling asks once; what one can do follows the state.
  const first = await deploy(app.url, { recipe: 'obedient', name: 'first', config: { lr: 0.5 } });
  await page.goto(`${app.url}/jobs/${first}`);
  const head = page.locator('.job-title');
  await head.getByText('Running').waitFor();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Let it train' }).click();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel the job' }).click();
  await head.getByText('Cancelled').waitFor();

  // One like it, with another setting: one job, however often somebody clicks.
  await page.getByRole('link', { name: 'Run again' }).click();
  const config = page.getByLabel('Config', { exact: true });
  await expect.poll(() => config.inputValue()).toBe('{\n  "lr": 0.5\n}');
  await config.fill('{"lr": }');
  await page.getByText('This is no JSON').waitFor();
  expect(await page.getByRole('button', { name: 'Deploy' }).isDisabled()).toBe(true);
  await config.fill('{"lr": 0.25}');
  await page.getByLabel('Name', { exact: true }).fill('second');
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Deploy' }).dblclick();
  await page.getByRole('heading', { name: 'second' }).waitFor();
  const count = await graphql(app.url, '{ jobs { totalCount } }');
  expect(count.data?.jobs.totalCount).toBe(2);

  // Why it failed leads to the line that says so.
  const second = new URL(page.url()).pathname.replace('/jobs/', '');
  const order = await app.obedient.job(await externalId(second));
  const noise = Array.from({ length: 400 }, (_, index) => `step ${index}`);
  const traceback = ['Traceback (most recent call last):', 'RuntimeError: CUDA out of memory'];
  order({ print: [...noise, ...traceback], exit: 1 });
  await head.getByText('Failed').waitFor();
  await page.getByText('Line 400 →').click();
  expect(await log.text(400)).toBe('Traceback (most recent call last):');
  expect(await page.locator('.row.marked').count()).toBe(1);
  expect(new URL(page.url()).hash).toBe('#L400');

  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByText('"lr": 0.25').waitFor();
  await page.getByRole('button', { name: 'Outputs' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the job and its log' }).click();
  await page.getByRole('row').filter({ hasText: 'first' }).waitFor();
  expect(await page.getByRole('row').filter({ hasText: 'second' }).count()).toBe(0);

  await page.getByRole('link', { name: 'Providers' }).click();
  await page.getByText('Up', { exact: true }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(browser.complaints).toEqual([]);
});

browserTest(`a curve shows every spike, and what is not finite${skipped}`, patience, async () => {
  await using app = await openTestApp();
  await using browser = await openConsole();
  const { page } = browser;
  const id = await deploy(app.url, { recipe: 'obedient' });
  const query = 'query ($id: ID!) { job(id: $id) { externalId } }';
  const externalId = async () => (await graphql(app.url, query, { id })).data?.job.externalId;
  await expect.poll(externalId).toBeTruthy();
  const order = await app.obedient.job(await externalId());
  const value = (step: number) => (step === 3_123 ? '9.75' : step === 4_001 ? 'nan' : '0.5');
  const lines = Array.from({ length: 6_000 }, (_, step) => `step: ${step} loss: ${value(step)}`);
  order({ print: lines, exit: 0 });

  await page.goto(`${app.url}/jobs/${id}?tab=charts`);
  await page.getByText('NaN at step 4,001').waitFor();
  const chart = page.locator('.chart', { hasText: 'loss' }).first();
  await chart.locator('canvas').waitFor();
  const greatest = () =>
    chart.locator('.u-over').evaluate((over) => over.getBoundingClientRect().width);
  expect(await greatest()).toBeGreaterThan(200);
  // The axis goes up to the spike.
  await expect.poll(() => inkAbove(page)).toBe(true);

  // Closer, it is still there.
  const box = await chart.locator('.u-over').boundingBox();
  if (!box) throw new Error('there is no chart');
  const at = (step: number) => box.x + (step / 6_000) * box.width;
  await page.mouse.move(at(2_800), box.y + 50);
  await page.mouse.down();
  await page.mouse.move(at(3_600), box.y + 50, { steps: 3 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'All steps' }).waitFor();
  await expect.poll(() => inkAbove(page)).toBe(true);

  await page.getByText('NaN at step 4,001').click();
  await expect
    .poll(() => page.locator('.row.marked .text').textContent())
    .toBe('step: 4001 loss: nan');
  expect(browser.complaints).toEqual([]);
});

browserTest(`it works behind a proxy that puts a path before it${skipped}`, patience, async () => {
  await using server = await openTestServer();
  const written = await server.openLog({ name: 'behind a proxy' });
  await written.print('line 0', 'line 1');
  await using proxy = await openPathProxy(server.url, '/train');
  await using browser = await openConsole();
  const { page } = browser;
  await page.goto(`${proxy.url}/train/`);
  await page.getByRole('link', { name: 'behind a proxy' }).click();
  expect(page.url()).toBe(`${proxy.url}/train/jobs/${written.job.id}`);
  await page.getByText('following').waitFor();
  await written.print('line 2');
  await new ConsoleLog(page).text(2);
  await page.reload();
  await new ConsoleLog(page).text(2);
  expect(proxy.strays).toEqual([]);
  expect(browser.complaints).toEqual([]);
});

/** Whether anything is drawn in the upper quarter of the first chart, besides its grid. */
function inkAbove(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.chart canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return false;
    const { data } = context.getImageData(80, 20, canvas.width - 120, canvas.height / 4);
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, , blue = 0, alpha = 0] = data.slice(at, at + 4);
      // The curve is blue; the grid is grey.
      if (alpha > 100 && blue - red > 60) return true;
    }
    return false;
  });
}
