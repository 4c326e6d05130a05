import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli, startCli, startCliInTerminal } from '../support/cli.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Ends a job as FAILED, with its log complete. */
async function fail(log: Awaited<ReturnType<TestServer['openLog']>>) {
  await server.store.jobs.update(log.job.id, () => ({ status: 'FAILED' }));
  await log.end();
}

test('several jobs are followed until all are over; the exit code tells the worst end', async () => {
  const [short, long, twin] = [
    await server.openLog({ name: 'short' }),
    await server.openLog({ name: 'a longer name' }),
    await server.openLog({ name: 'short' }),
  ];
  await short.print('one');
  const ids = [short, long, twin, short].map(({ job }) => job.id);
  await using cli = startCli(['logs', ...ids, '-f'], { url: server.url });
  await cli.shows(/one/);
  await long.print('two');
  await cli.shows(/two/);
  await twin.print('three');
  await cli.shows(/three/);
  await fail(long);
  await cli.shows(/a longer name: FAILED/);
  await short.print('four');
  await short.end();
  await twin.end();
  const { code, stdout, stderr } = await cli.ended();
  expect(code).toBe(1);
  expect(stdout.split('\n')).toEqual([
    `${short.job.id} │ one`,
    `a longer name    │ two`,
    `${twin.job.id} │ three`,
    `${short.job.id} │ four`,
    '',
  ]);
  expect(stderr).toContain(`${twin.job.id}: COMPLETED`);
});

test('all that are over and have succeeded is success', async () => {
  const [a, b] = [await server.openLog({ name: 'a' }), await server.openLog({ name: 'b' })];
  for (const log of [a, b]) {
    await log.print(`of ${log.job.name}`);
    await log.end();
  }
  const args = ['logs', a.job.id, b.job.id];
  const followed = await runCli([...args, '-f', '-n', '1'], { url: server.url });
  expect(followed.code).toBe(0);
  expect(followed.stdout.split('\n').toSorted()).toEqual(['', 'a │ of a', 'b │ of b']);
  const stored = await runCli(args, { url: server.url });
  expect(stored.stdout).toBe('a │ of a\nb │ of b\n');
  const json = await runCli([...args, '-o', 'json'], { url: server.url });
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { job: a.job.id, text: 'of a' },
    { job: b.job.id, text: 'of b' },
  ]);
});

test('a job that is deleted meanwhile does not end the following of others', async () => {
  const [gone, other] = [
    await server.openLog({ name: 'gone' }),
    await server.openLog({ name: 'other' }),
  ];
  await using cli = startCli(['logs', gone.job.id, other.job.id, '-f'], { url: server.url });
  await gone.print('one');
  await cli.shows(/gone +│ one/);
  await gone.end();
  await cli.shows(/gone: COMPLETED/);
  await server.store.jobs.delete(gone.job.id);
  await other.print('two');
  await cli.shows(/other +│ two/);
  await other.end();
  expect((await cli.ended()).code).toBe(0);
});

test('Ctrl-C says how to go on with all of them', async () => {
  const [a, b] = [await server.openLog({ name: 'a' }), await server.openLog({ name: 'b' })];
  await a.print('one');
  const args = ['logs', a.job.id, b.job.id, '-f', '--exclude', 'x y'];
  await using cli = startCli(args, { url: server.url });
  await cli.shows(/one/);
  cli.process.kill('SIGINT');
  const { code, stderr } = await cli.ended();
  expect(code).toBe(130);
  const ids = `${a.job.id} ${b.job.id}`;
  expect(stderr).toMatch(
    new RegExp(`the jobs keep running. Resume with: .*logs ${ids} -f --exclude 'x y' --since 20`),
  );
});

test('in a terminal, each job that runs has a row, and its lines have a colour', async () => {
  const [a, b] = [await server.openLog({ name: 'a' }), await server.openLog({ name: 'b' })];
  for (const { job } of [a, b]) {
    await server.store.jobs.update(job.id, () => ({ status: 'RUNNING' }));
  }
  await using cli = startCliInTerminal(['logs', a.job.id, b.job.id, '-f'], { url: server.url });
  await cli.shows(/a │.*RUNNING.*\r\n.*b │.*RUNNING/s);
  await a.print('one');
  await cli.shows(/│[^ ]* one/);
  expect(cli.stdout).toContain('\u001b[36ma │\u001b[39m one');
  await a.end();
  await b.end();
  expect((await cli.ended()).code).toBe(0);
});
