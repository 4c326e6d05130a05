import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';

test.skipIf(process.platform !== 'linux')(
  'what a job uses of its machine is told while it runs, and kept when it is over',
  async () => {
    const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    await using app = await openTestApp({
      embeddedTrainer: { recipes: { waits: { command } } },
      jobTimes: { measureEveryMs: 0 },
    });
    const id = await deploy(app.url, { recipe: 'waits' });
    const memory = async () => {
      const { data } = await graphql(
        app.url,
        `query ($id: ID!) { job(id: $id) { status metrics { name }
          resources(names: ["memory_bytes"]) { name seen points { step value } stretches { count } } } }`,
        { id },
      );
      return data.job;
    };
    await expect.poll(memory).toMatchObject({ metrics: [], resources: [{ name: 'memory_bytes' }] });
    await graphql(
      app.url,
      `mutation { cancelJob(input: { jobId: "${id}", force: true }) { job { id } } }`,
    );
    await expect.poll(async () => (await memory()).status).toBe('CANCELLED');
    const { resources } = await memory();
    expect(resources[0].points.at(-1).value).toBeGreaterThan(1e6);
    const stretches: { count: number }[] = resources[0].stretches;
    expect(stretches.reduce((sum, { count }) => sum + count, 0)).toBe(resources[0].seen);
  },
);
