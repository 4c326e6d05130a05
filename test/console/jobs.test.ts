import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { accessibilityFaults, browserTest, openConsole, skipped } from '../support/console.ts';

const token = 'a-token-of-the-test';
const authorization = { Authorization: `Bearer ${token}` };
const patience = { timeout: 120_000 };

browserTest(
  `a person gives the token, and sees every job as it is, without asking again${skipped}`,
  patience,
  async () => {
    await using app = await openTestApp({ tokens: [token] });
    await using browser = await openConsole();
    const { page } = browser;

    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.postData() ?? ''));
    const lists = () => requests.filter((text) => text.includes('"operationName":"Jobs"')).length;

    // The place is kept over the login.
    await page.goto(`${app.url}/?state=all`);
    await page.getByLabel('Token').fill('not-the-token');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('The token is not known here').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor();
    expect(page.url()).toBe(`${app.url}/?state=all`);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);

    // A job comes by itself, changes, and goes; over the socket alone.
    const first = await deploy(app.url, { recipe: 'obedient', name: 'first' }, authorization);
    const row = (name: string) => page.getByRole('row').filter({ hasText: name });
    await row('first').getByText('Running').waitFor();
    await page.getByRole('button', { name: 'Running 1' }).waitFor();
    const asked = lists();
    expect(asked).toBeGreaterThan(0);
    const order = await app.obedient.job(await externalIdOf(app.url, first));
    order({ print: ['step: 62/100 loss: 0.5'] });
    await row('first').getByText('62%').waitFor();
    await row('first').getByText('0.5000').waitFor();
    order({ exit: 1 });
    await row('first').getByText('Failed').waitFor();
    await page.getByRole('button', { name: 'Failed 1' }).waitFor();
    expect(lists()).toBe(asked);

    // A new one waits while somebody is about to use a row.
    await row('first').hover();
    await deploy(app.url, { recipe: 'print', name: 'second' }, authorization);
    await page.getByRole('button', { name: 'Show 1 new job' }).click();
    await row('second').getByText('Completed').waitFor();
    const names = await page.locator('tbody th').allTextContents();
    expect(names).toEqual(['second', 'first']);

    // Filters are in the address.
    await page.getByRole('button', { name: 'Failed 1' }).click();
    await expect.poll(() => page.locator('tbody th').allTextContents()).toEqual(['first']);
    await page.getByRole('searchbox').fill('second');
    await page.getByText('No job matches').waitFor();
    expect(new URL(page.url()).search).toBe('?state=failed&q=second');
    await page.getByRole('link', { name: 'Show all jobs' }).click();
    await row('second').waitFor();

    // By keyboard alone.
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('second');
    expect(await accessibilityFaults(page)).toEqual([]);

    const drop = 'mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { deletedJobId } }';
    const isDeleted = async () => (await graphql(app.url, drop, { id: first }, authorization)).data;
    await expect.poll(isDeleted).toBeTruthy();
    await expect.poll(() => row('first').count()).toBe(0);

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);

    // A link with the token is one that nobody can read off the screen or out of the history.
    await page.goto(`${app.url}/#token=${token}`);
    await row('second').waitFor();
    expect(page.url()).toBe(`${app.url}/`);

    expect([...browser.hosts]).toEqual([new URL(app.url).host]);
    expect(browser.complaints.filter((text) => !text.includes('401'))).toEqual([]);
  },
);

browserTest(
  `whoever has no job yet trains the tiny model with one click${skipped}`,
  patience,
  async () => {
    await using app = await openTestApp({ embeddedTrainer: { recipes: tinyLm } });
    await using browser = await openConsole();
    const { page } = browser;
    await page.goto(app.url);
    const button = page.getByRole('button', { name: 'Train the tiny model' });
    await button.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await button.dblclick();
    await page.getByRole('heading', { name: 'My first job' }).waitFor();
    const count = await graphql(app.url, '{ jobs { totalCount } }');
    expect(count.data?.jobs.totalCount).toBe(1);

    // It is followed, and its loss drawn, with nothing more to do.
    await page.getByText('following').waitFor();
    await page.locator('.row', { hasText: 'loss' }).first().waitFor();
    await page.locator('.loss canvas').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.locator('.job-title').getByText('Cancelled').waitFor();
    await page.getByRole('button', { name: 'Delete' }).waitFor();
    expect(browser.complaints).toEqual([]);
  },
);

const tinyLm = {
  'tiny-lm': {
    command: [process.execPath, 'examples/tiny-lm/train.ts'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  },
};

async function externalIdOf(url: string, id: string): Promise<string> {
  const query = 'query ($id: ID!) { job(id: $id) { externalId } }';
  const { data } = await graphql(url, query, { id }, authorization);
  return data?.job.externalId;
}
