import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

const wholeJob = `query ($id: ID!) { job(id: $id) {
  status externalId stale updatedAt startedAt finishedAt failure { message } logs { lines total complete gaps { offset } }
} }`;

test('a server that was paused for longer than its leases changes nothing when it wakes up', async () => {
  await using box = await openBox();
  await using folder = await openFolder();
  const start = (key: string) =>
    startServer({
      env: {
        TRAINYARD_DATA_DIR: folder.path,
        TRAINING_SERVER_URL: box.url,
        TRAINING_SERVER_API_KEY: key,
      },
    });
  await using paused = await start('paused');
  const running = await deploy(paused.url, { config: dialectDefaults });
  box.emit(running, ['one']);
  await expect.poll(() => linesOf(paused, running)).toEqual(['one']);
  // This one rests between two attempts while its server is paused, and tries once more when that wakes up.
  const takeBack = box.refuseToRun();
  const waiting = await deploy(paused.url, { config: dialectDefaults });
  await expect.poll(() => box.asked('paused', /execute/).length).toBeGreaterThan(2);

  process.kill(paused.pid, 'SIGSTOP');
  await using other = await start('other');
  box.emit(running, ['two']);
  await expect.poll(() => linesOf(other, running), patience).toEqual(['one', 'two']);
  await expect.poll(() => box.asked('other', /execute/).length, patience).toBeGreaterThan(0);
  box.finish(running);
  await expect
    .poll(() => jobOf(other, running), patience)
    .toMatchObject({
      status: 'COMPLETED',
      logs: { complete: true },
    });
  const before = await jobOf(other, running);
  const told = box.asked('paused', /^POST/).length;
  process.kill(paused.pid, 'SIGCONT');
  for (const id of [running, waiting]) {
    await expect
      .poll(() => paused.output(), patience)
      .toMatch(new RegExp(`${id}.*no longer driven`));
  }
  expect(box.asked('paused', /^POST/)).toHaveLength(told);
  expect(await jobOf(other, running)).toEqual(before);

  takeBack();
  await expect.poll(() => jobOf(other, waiting), patience).toMatchObject({ stale: false });
  box.emit(waiting, ['three']);
  box.finish(waiting);
  await expect
    .poll(() => jobOf(other, waiting), patience)
    .toMatchObject({
      status: 'COMPLETED',
      logs: { lines: ['three'], complete: true, gaps: [] },
    });
  expect(box.asked('paused', /^POST/)).toHaveLength(told);
  expect(box.executions()).toEqual([1, 1]);
}, 60_000);

const patience = { timeout: 15_000 };

/** A training server that tells its callers apart by their keys. */
async function openBox() {
  const { server, jobs, executions } = await openQueueingServer();
  const jobBy = async (id: string) => {
    await expect.poll(() => jobs.has(id)).toBe(true);
    return jobs.get(id);
  };
  return {
    url: server.url,
    asked: (key: string, route: RegExp) =>
      server.calls.filter(
        (call, at) => server.authorizations[at] === `Bearer ${key}` && route.test(call),
      ),
    executions: () => [...executions.values()],
    refuseToRun: () => server.fail({ on: /execute/, act: { status: 503, body: null } }),
    emit: (id: string, lines: string[]) => void jobBy(id).then((job) => job?.emit(lines)),
    finish: (id: string) => void jobBy(id).then((job) => job?.finish('completed')),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function jobOf({ url }: ServerProcess, id: string) {
  return (await graphql(url, wholeJob, { id })).data.job;
}

async function linesOf(server: ServerProcess, id: string): Promise<string[]> {
  return (await jobOf(server, id)).logs.lines;
}
