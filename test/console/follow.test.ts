import { expect } from 'vitest';
import { accessibilityFaults, browserTest, openConsole, skipped } from '../support/console.ts';
import { ConsoleLog } from '../support/console-log.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer } from '../support/server.ts';

const patience = { timeout: 120_000 };

browserTest(`a log is followed, and never takes one's place${skipped}`, patience, async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const written = await server.openLog();
  const print = numbered(written.print);
  await print(1_000);
  await using browser = await openConsole();
  const { page } = browser;
  const log = new ConsoleLog(page);
  await page.goto(`${proxy.url}/jobs/${written.job.id}`);
  await log.text(999);
  await page.getByText('following').waitFor();
  await print(1);
  await log.text(1_000);
  await expect.poll(() => log.last()).toBe(1_000);

  // One move up is enough, whatever comes in.
  await log.wheel(-40);
  await page.getByText('still growing').waitFor();
  const place = (await log.seen())[0];
  await print(5_000);
  await page.getByRole('button', { name: '5,000 new lines' }).waitFor();
  expect((await log.seen())[0]).toEqual(place);
  await page.getByRole('button', { name: '5,000 new lines' }).click();
  await log.text(6_000);
  await page.getByText('following').waitFor();

  // Each line once, whatever happens to the connection.
  proxy.freezeNew();
  proxy.cut();
  await page.getByText('Reconnecting').waitFor();
  await print(50);
  proxy.thaw();
  await log.text(6_050);
  await page.getByText('Reconnecting').waitFor({ state: 'hidden' });
  const lines = (await log.seen()).map(({ line }) => line);
  expect(lines).toEqual(lines.map((_, index) => (lines[0] ?? 0) + index));

  // Nobody sees the lines of a hidden page.
  const frames: string[] = [];
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.webSocketFrameReceived', ({ response }) => {
    frames.push(response.payloadData);
  });
  await print(100);
  await expect.poll(() => frames.join()).toContain('"total":6151');
  expect(frames.join()).not.toContain('line 6100');
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await log.text(6_150);

  // What is found grows with the log.
  await page.getByRole('searchbox', { name: 'Find in the whole log' }).fill('line 61');
  await page.getByText('62 matches').waitFor();
  await print(10);
  await page.getByText('72 matches').waitFor();

  await written.end();
  await page.getByText('complete', { exact: true }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(browser.complaints.filter((text) => !text.includes('WebSocket'))).toEqual([]);
});

browserTest(`what a job printed is shown as it is${skipped}`, patience, async () => {
  await using server = await openTestServer();
  const written = await server.openLog();
  const long = 'x'.repeat(60_000);
  await written.print(
    '\u001b[31mred\u001b[0m plain \u001b[1;38;5;208mbold orange\u001b[m \u001b[38:2::1:2:3mtrue\u001b[m',
    '<img src=x onerror=alert(1)>',
    '\u001b]8;;javascript:alert(1)\u0007a link\u001b]8;;\u0007 and \u001b a stray \u0001',
    long,
  );
  await written.print('ERROR: the first one');
  await server.store.logs.append(written.lease, {
    lines: [],
    runs: [],
    gaps: [{ before: 0, reason: 'The log file was cut.' }],
    cursor: null,
    collectorState: null,
  });
  await written.print(...Array.from({ length: 3_000 }, (_, index) => `line ${index + 5}`));
  await written.print('ERROR: the last one');
  await written.end();
  await using browser = await openConsole();
  const { page } = browser;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const log = new ConsoleLog(page);
  await page.goto(`${server.url}/jobs/${written.job.id}#L0`);
  expect(await log.text(0)).toBe('red plain bold orange true');
  const colors = await page
    .locator('.row[data-index="0"] .text span')
    .evaluateAll((spans) => spans.map((span) => span.className || span.getAttribute('style')));
  expect(colors).toEqual(['fg1', 'bold', 'color: rgb(1, 2, 3);']);
  expect(await log.text(1)).toBe('<img src=x onerror=alert(1)>');
  expect(await log.text(2)).toBe('a link and  a stray \u2401');
  expect(await page.locator('.scroll :is(img, .text a)').count()).toBe(0);

  expect(await page.locator('.row[data-index="5"] .gap').getAttribute('data-gap')).toBe(
    'Lines are missing here: The log file was cut.',
  );

  // Wrapped, a line may be taller than the view: its number stays in view, and each row moves by the pixels asked.
  await page.getByRole('button', { name: 'Wrap' }).click();
  for (let turn = 0; turn < 5; turn += 1) await log.wheel(300);
  const [tall] = await log.seen();
  expect(tall).toMatchObject({ line: 3 });
  expect(tall?.bottom).toBeGreaterThan(tall?.view ?? 0);
  const number = page.locator('.row[data-index="3"] .number');
  await expect.poll(async () => (await number.boundingBox())?.y).toBeGreaterThan(0);
  for (let turn = 0; turn < 20; turn += 1) {
    const before = (await log.seen()).at(-1);
    await log.wheel(120);
    const after = (await log.seen()).find(({ line }) => line === before?.line);
    if (after) expect(Math.abs((before?.top ?? 0) - after.top - 120)).toBeLessThanOrEqual(1);
  }
  await log.press('End');
  expect(await log.last()).toBe(3_005);
  await log.press('Home');
  expect(await log.first()).toBe(0);
  await page.getByRole('button', { name: 'Wrap' }).click();

  // A selection over more than is shown is copied whole, without numbers.
  const text = (line: number) => page.locator(`.row[data-index="${line}"] .text`);
  await page.getByLabel('Go to line').fill('500');
  await page.getByLabel('Go to line').press('Enter');
  await text(500).click({ position: { x: 2, y: 9 } });
  for (let turn = 0; turn < 40; turn += 1) await log.turn(900);
  await text(2_500).click({ position: { x: 400, y: 9 }, modifiers: ['Shift'] });
  await page.getByText('2,001 lines selected').waitFor();
  await expect
    .poll(async () => {
      await page.keyboard.press('Control+c');
      return page.evaluate(() => navigator.clipboard.readText());
    })
    .toBe(Array.from({ length: 2_001 }, (_, index) => `line ${index + 500}`).join('\n'));
  await log.press('Control+a');
  await page.getByText('3,006 lines selected').waitFor();

  await page.getByLabel('Times').selectOption('utc');
  const time = page.locator('.row[data-index="2500"] .time');
  expect(await time.getAttribute('data-time')).toMatch(/^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);

  // Wrapping keeps the place.
  const first = await log.first();
  await page.getByRole('button', { name: 'Wrap' }).click();
  await expect.poll(() => log.first()).toBe(first);
  await page.getByRole('button', { name: 'Wrap' }).click();
  await expect.poll(() => log.first()).toBe(first);

  // From error to error, with one at either end.
  await page.getByRole('button', { name: '2 errors: next' }).click();
  await page.locator('.row.marked', { hasText: 'ERROR: the last one' }).waitFor();
  await page.locator('.scroll').press('e');
  await page.locator('.row.marked', { hasText: 'ERROR: the first one' }).waitFor();

  // A filter that hides all says so.
  await page.getByLabel('Source').selectOption('STDERR');
  await page.getByText('None of 3,006 lines passes the filter').waitFor();
  expect(new URL(page.url()).search).toBe('?source=STDERR');
  await page.getByRole('button', { name: 'Show all lines' }).first().click();
  await log.text(4);
  expect(browser.complaints).toEqual([]);
});

/** Prints so many more lines, each with its number. */
function numbered(print: (...lines: string[]) => Promise<void>) {
  let next = 0;
  return async (count: number) => {
    const from = next;
    next += count;
    await print(...Array.from({ length: count }, (_, index) => `line ${from + index}`));
  };
}
