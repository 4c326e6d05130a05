import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFolder } from '../../support/folder.ts';
import { jobOf } from '../follow.ts';
import { bashRecipe, openYard } from './yard.ts';

const id = '0123456789abcdef';

/** A recipe with so many bytes of files that no packing makes smaller. */
async function recipeWithFiles(bytes: number) {
  const folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  await writeFile(path.join(folder.path, 'model.bin'), randomBytes(bytes));
  return { ...bashRecipe('wc -c <model.bin'), cwd: folder.path, files: ['model.bin'] };
}

/** What takes the room beside the config, at most 102,400 bytes of it all. */
const tooLarge = /at most 102400 bytes, and this one would have 1\d{5} \(/;

test('deploys what fits, though it is not far from the bound', async () => {
  const recipe = await recipeWithFiles(66_000);
  const { provider, deploy, standIn } = await openYard('', { recipes: { default: recipe } });
  await provider.check(jobOf(id));
  const pod = await deploy(id);
  await standIn.until(() => pod.log.read(0).some(({ line }) => line.trim() === '66000'));
});

test.each([
  ['the config', { config: { text: 'a'.repeat(80_000) } }, /\(the config 1\d{5}, Trainyard's own/],
  [
    "the caller's variables",
    { options: { env: [{ name: 'A', value: 'ü'.repeat(50_000) }] } },
    /\(input\.runpod\.env 100\d{3}, /,
  ],
  [
    'many small variables, each with what is put around it',
    {
      options: {
        env: Array.from({ length: 200 }, (_, n) => ({ name: `V_${n}`, value: 'x'.repeat(450) })),
      },
    },
    /\(input\.runpod\.env \d{5}, /,
  ],
])('refuses before anything is saved what %s makes too large', async (_, job, parts) => {
  const { provider, deploy, standIn } = await openYard('true');
  await expect(provider.check(jobOf(id, job))).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(parts),
  });
  await expect(provider.check(jobOf(id, job))).rejects.toThrow(tooLarge);
  await expect(deploy(id, job)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(standIn.requests.filter(({ method }) => method === 'POST')).toEqual([]);
});

test('refuses files alone, with the same words', async () => {
  const recipe = await recipeWithFiles(300_000);
  const { provider } = await openYard('', { recipes: { default: recipe } });
  await expect(provider.check(jobOf(id))).rejects.toThrow(
    /at most 102400 bytes, and this one would have 4\d{5} \(the recipe's packed files 400\d{3}, /,
  );
});

test('refuses files, config and variables that are too large together', async () => {
  const recipe = await recipeWithFiles(60_000);
  const { provider } = await openYard('', { recipes: { default: recipe } });
  await provider.check(jobOf(id));
  const config = { text: 'a'.repeat(12_000) };
  await expect(provider.check(jobOf(id, { config }))).rejects.toThrow(
    /\(the recipe's packed files 80\d{3}, the config 16\d{3}, /,
  );
});

test('is never refused by RunPod for its length once it was accepted', async () => {
  const { provider, deploy, standIn } = await openYard('true');
  let [fits, refused] = [0, 102_400];
  const jobOfSize = (size: number) => ({
    options: { env: [{ name: 'A', value: '"'.repeat(size) }] },
  });
  while (refused - fits > 1) {
    const size = (fits + refused) >> 1;
    const accepted = await provider.check(jobOf(id, jobOfSize(size))).then(
      () => true,
      () => false,
    );
    if (accepted) fits = size;
    else refused = size;
  }
  await deploy(id, jobOfSize(fits));
  expect(standIn.requests.at(-1)).toMatchObject({ method: 'POST', status: 201 });
});
