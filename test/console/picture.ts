import { fileURLToPath } from 'node:url';
import { openTestApp } from '../support/app.ts';
import { findChromium, openBrowser } from '../support/chromium.ts';
import { deploy, graphql } from '../support/clients.ts';

/** Takes the picture of the console that the documents show: `npm run picture`. */
async function takePicture(): Promise<void> {
  await using app = await openTestApp({ embeddedTrainer: { recipes: { 'tiny-lm': tinyLm } } });
  const chromium = findChromium();
  if (!chromium) throw new Error('There is no Chromium here: apt-get install -y chromium');
  await using browser = await openBrowser(chromium);
  const { page } = browser;
  const id = await deploy(app.url, {
    recipe: 'tiny-lm',
    modelName: 'tiny',
    name: 'words',
  });
  await page.goto(`${app.url}/jobs/${id}`);
  await page.locator('.row', { hasText: "'step': 3000" }).waitFor({ timeout: 120_000 });
  await page.screenshot({
    path: fileURLToPath(new URL('../../docs/console.png', import.meta.url)),
  });
  const cancel =
    'mutation ($id: ID!) { cancelJob(input: { jobId: $id, force: true }) { job { id } } }';
  await graphql(app.url, cancel, { id });
  await page.goto(app.url);
  await page.getByRole('button', { name: 'Running 0' }).waitFor({ timeout: 60_000 });
}

const tinyLm = {
  command: [process.execPath, 'examples/tiny-lm/train.ts'],
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
};

await takePicture();
