import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { shell } from '../support/trainer/harness.ts';

interface Page {
  lines: string[];
  entries: { offset: number; text: string; growing: boolean }[];
  total: number;
  nextOffset: number;
  complete: boolean;
}

async function logs(url: string, id: string, args = ''): Promise<Page> {
  const query = `query ($id: ID!) {
    logs(jobId: $id${args}) { lines entries { offset text growing } total nextOffset complete }
  }`;
  return (await graphql(url, query, { id })).data.logs;
}

test('a line that a job goes on writing is shown, and is one line when it has ended', async () => {
  await using app = await openTestApp({ embeddedTrainer: { recipes: { default: shell } } });
  const answer = `${app.dataDir}/answer`;
  const script = `echo first; printf 'Go on? [y/N] '; until [ -e ${answer} ]; do sleep 0.01; done; echo yes`;
  const id = await deploy(app.url, { config: { script } });
  const growing = { offset: 1, text: 'Go on? [y/N] ', growing: true };
  const first = { offset: 0, text: 'first', growing: false };
  await expect
    .poll(async () => (await logs(app.url, id)).entries, { timeout: 10_000 })
    .toEqual([first, growing]);

  // It is counted nowhere, and stands behind the last line alone.
  const shown = { total: 1, nextOffset: 1, complete: false };
  expect(await logs(app.url, id)).toMatchObject({ ...shown, lines: ['first'] });
  expect((await logs(app.url, id, ', offset: 1')).entries).toEqual([growing]);
  expect((await logs(app.url, id, ', limit: 1')).entries).toEqual([first]);
  expect((await logs(app.url, id, ', filter: { contains: "Go" }')).entries).toEqual([]);

  await writeFile(answer, '');
  await expect.poll(async () => (await logs(app.url, id)).complete).toBe(true);
  expect((await logs(app.url, id)).entries).toEqual([
    first,
    { offset: 1, text: 'Go on? [y/N] yes', growing: false },
  ]);
});
