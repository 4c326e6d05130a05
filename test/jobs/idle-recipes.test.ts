import { expect, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp } from '../support/app.ts';
import { shell, startTrainer } from '../support/trainer/harness.ts';

const file = '/srv/trainyard.config.json';

/** What a server whose one provider is the training server at `url` says at its start of these recipes of its own file. */
async function warningsOf(url: string, names: string[]): Promise<string[]> {
  const open = async () => openLocalProvider({ name: 'box', url, apiKey: null, recipes: null });
  await using app = await openTestApp({
    embeddedTrainer: null,
    providers: [{ name: 'box', open }],
    ownRecipes: { names, file },
  });
  await app.close();
  return app.log.entries.map(({ msg }) => msg).filter((msg) => msg.includes('cannot be chosen'));
}

test('recipes that would have to live on another machine are warned of at the start', async () => {
  await using box = await startTrainer({ recipes: { default: shell, theirs: shell } });
  const { url } = box.client;
  expect(await warningsOf(url, ['mine', 'theirs', 'yours'])).toEqual([
    `The recipes mine, yours of ${file} cannot be chosen: no provider here runs them. A training server on another machine has its own recipes, in the file there.`,
  ]);
  expect(await warningsOf(url, ['mine'])).toEqual([
    expect.stringMatching(/^The recipe mine of .* no provider here runs it\./),
  ]);
  expect(await warningsOf(url, ['theirs'])).toEqual([]);
});

test('nothing is said while a training server is down, because it may have them', async () => {
  expect(await warningsOf('http://127.0.0.1:9', ['mine'])).toEqual([]);
});
