import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { findChromium, openBrowser, type TestBrowser } from './chromium.ts';

const chromium = findChromium();

/** What to add to a test's title where it is skipped. */
export const skipped = chromium ? '' : ' (SKIPPED, no Chromium here: apt-get install -y chromium)';

/** A test that needs a browser. */
export const browserTest = test.runIf(chromium);

/** A browser for the console. */
export function openConsole(): Promise<TestBrowser> {
  return openBrowser(chromium ?? '');
}

/** What axe finds wrong with the page, light and dark: a line for each rule that an element breaks. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  // The page's policy forbids scripts of others; the debugger may run them all the same.
  const run = async (expression: string) => {
    const options = { expression, awaitPromise: true, returnByValue: true };
    return (await session.send('Runtime.evaluate', options)).result.value;
  };
  await run(axe.source);
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const found: { id: string; nodes: { html: string; failureSummary: string }[] }[] = JSON.parse(
      await run('axe.run().then(({ violations }) => JSON.stringify(violations))'),
    );
    for (const { id, nodes } of found) {
      for (const { html, failureSummary } of nodes) {
        faults.push(`${colorScheme} ${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await session.detach();
  return faults;
}
