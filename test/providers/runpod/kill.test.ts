import path from 'node:path';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../../support/clients.ts';
import { openFolder } from '../../support/folder.ts';
import { openRunPodStandIn } from '../../support/runpod/server.ts';
import { type ServerProcess, startServer } from '../../support/server-process.ts';

const apiKey = 'rpa_the_account';
/** The lines that tiny-lm prints once a step; its progress bar is thinned out. */
const isStep = (line: string) => line.startsWith("{'loss'");

test('trains the shipped model in a pod through kills of the server, and misses no line', async () => {
  await using standIn = disposable(
    await openRunPodStandIn({ apiKey, rateLimit: { perMinute: 100_000 } }),
  );
  await using folder = await openFolder();
  const env = {
    TRAINYARD_DATA_DIR: path.join(folder.path, 'data'),
    RUNPOD_API_KEY: apiKey,
    RUNPOD_API_URL: standIn.url,
  };
  const served: string[] = [];
  let jobId = '';
  for (const atLeast of [30, 200, 400]) {
    await using server = await startServer({ env });
    jobId ||= await deploy(server.url, {
      provider: 'runpod',
      recipe: 'tiny-lm',
      config: { steps: 1500, logging_steps: 1 },
    });
    await readOn(server, jobId, served, () => served.length >= atLeast);
    await server.end('SIGKILL');
  }

  await using server = await startServer({ env });
  await readOn(server, jobId, served, (complete) => complete);
  const { data } = await graphql(
    server.url,
    'query ($id: ID!) { job(id: $id) { status logs(limit: 1) { total complete gaps { offset } } } }',
    { id: jobId },
  );
  expect(data.job).toMatchObject({
    status: 'COMPLETED',
    logs: { total: served.length, complete: true, gaps: [] },
  });
  const [pod, ...others] = standIn.pods();
  expect(others).toEqual([]);
  await standIn.until(() => pod?.status === 'TERMINATED');
  const printed = pod?.log.read(0).map(({ line }) => line) ?? [];
  const steps = printed.flatMap((line) => line.split('\r')).filter(isStep);
  expect(steps.length).toBe(1500);
  expect(served.filter(isStep)).toEqual(steps);
}, 120_000);

/** Reads pages on until `enough` holds; what was served before must come again. */
async function readOn(
  { url }: ServerProcess,
  jobId: string,
  served: string[],
  enough: (complete: boolean) => boolean,
): Promise<void> {
  const query =
    'query ($id: ID!, $from: Int!) { logs(jobId: $id, offset: $from, limit: 5000) { lines hasMore complete } }';
  for (;;) {
    const from = Math.max(0, served.length - 50);
    const { data, errors } = await graphql(url, query, { id: jobId, from });
    if (!data) throw new Error(JSON.stringify(errors));
    const { lines, hasMore, complete } = data.logs;
    expect(lines.slice(0, served.length - from)).toEqual(served.slice(from));
    served.push(...lines.slice(served.length - from));
    if (!hasMore && enough(complete)) return;
  }
}

function disposable<T extends { close(): Promise<void> }>(opened: T): T & AsyncDisposable {
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() });
}
