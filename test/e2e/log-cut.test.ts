import { truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { shell } from '../support/trainer/harness.ts';

interface Page {
  lines: string[];
  complete: boolean;
  gaps: { offset: number; reason: string }[];
}

async function logs(url: string, id: string): Promise<Page> {
  const query =
    'query ($id: ID!) { logs(jobId: $id, limit: 5000) { lines complete gaps { offset reason } } }';
  return (await graphql(url, query, { id })).data.logs;
}

test('a log that is cut on the training machine has a gap in the graph, and every line that was read', async () => {
  await using app = await openTestApp({ embeddedTrainer: { recipes: { default: shell } } });
  const goOn = `${app.dataDir}/go-on`;
  const script = `seq 0 99; until [ -e ${goOn} ]; do sleep 0.01; done; seq 100 199`;
  const id = await deploy(app.url, { config: { script } });
  await expect.poll(async () => (await logs(app.url, id)).lines.length).toBe(100);
  await truncate(`${app.dataDir}/trainer/jobs/${id}/log`, 0);
  await writeFile(goOn, '');
  await expect.poll(async () => (await logs(app.url, id)).complete).toBe(true);
  expect(await logs(app.url, id)).toEqual({
    lines: Array.from({ length: 200 }, (_, n) => String(n)),
    complete: true,
    gaps: [{ offset: 100, reason: expect.stringContaining('was cut or replaced') }],
  });
});
