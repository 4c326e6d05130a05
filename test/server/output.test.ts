import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { deploy } from '../support/clients.ts';
import { openObedientJobs } from '../support/dialects/obedient-jobs.ts';
import { openFolder } from '../support/folder.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

async function openRoom() {
  const folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const jobs = await openObedientJobs();
  onTestFinished(() => jobs.close());
  const config = join(folder.path, 'trainyard.config.json');
  await writeFile(config, JSON.stringify({ recipes: { obedient: { command: jobs.command } } }));
  return { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
}

/** All that it has written, to whichever output: one object a line. */
function objectsOf(server: ServerProcess): { msg: string }[] {
  return server
    .output()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('to a pipe the server writes JSON lines alone, with its address and that jobs go on', async () => {
  const env = await openRoom();
  await using server = await startServer({ env: { ...env, LOG_LEVEL: 'debug' } });
  await deploy(server.url, { recipe: 'obedient' });
  expect(await server.end('SIGINT')).toEqual({ code: 0, signal: null });
  const lines = objectsOf(server);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'Trainyard is ready', url: server.url }),
  );
  expect(lines.at(-1)).toMatchObject({ msg: expect.stringMatching(/^1 job goes on/), jobs: 1 });
});

test('to a pipe the training server writes JSON lines alone, with its address', async () => {
  const env = await openRoom();
  await using server = await startServer({ command: 'trainer', env });
  const body = { execution_id: 'one', name: 'one', config: { recipe: 'obedient' } };
  const url = `${server.url}/api/training/execute`;
  const headers = { 'content-type': 'application/json' };
  const asked = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(asked.status).toBe(200);
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const lines = objectsOf(server);
  expect(lines[0]).toMatchObject({ msg: 'The training server is ready', url: server.url });
  expect(lines.at(-1)?.msg).toMatch(/^The jobs go on without it \(1 running, 0 queued\)/);
});
