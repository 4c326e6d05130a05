import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';

const lines = Array.from({ length: 3500 }, (_, n) => `line ${n} ${(n * 2654435761) % 4294967296}`);

async function page(app: TestApp, jobId: string, offset: number) {
  const { data, errors } = await graphql(
    app.url,
    `query ($jobId: ID!, $offset: Int) {
      logs(jobId: $jobId, offset: $offset, limit: 5000) { lines complete }
    }`,
    { jobId, offset },
  );
  return errors?.[0]?.extensions?.code ?? data.logs;
}

/** A job over and its log complete, of which each compressed chunk is then damaged as `change` says. */
async function damaged(app: TestApp, change: string): Promise<string> {
  const id = await deploy(app.url);
  const order = await app.obedient.job(id);
  order({ print: lines, exit: 0 });
  await expect.poll(() => page(app, id, 0)).toEqual({ lines, complete: true });
  const db = new Sqlite(join(app.dataDir, 'trainyard.db'), { timeout: 5000 });
  const { changes } = db.prepare(`UPDATE chunks SET ${change} WHERE encoding = 1`).run();
  db.close();
  expect(changes).toBeGreaterThan(1);
  return id;
}

test('damaged lines are fetched again from the training server that still has them', async () => {
  await using app = await openTestApp();
  const id = await damaged(app, 'text = zeroblob(length(text))');
  expect(await page(app, id, 0)).toBe('DATA_DAMAGED');
  const seen: string[] = [];
  await expect
    .poll(async () => {
      const answer = await page(app, id, seen.length);
      if (typeof answer === 'object') seen.push(...answer.lines);
      return seen.length;
    })
    .toBe(lines.length);
  expect(seen).toEqual(lines);
});
