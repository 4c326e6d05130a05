import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../src/trainer/disk/lock.ts';
import { temporaryFolder } from '../support/trainer/harness.ts';

const contender = fileURLToPath(new URL('../support/trainer/contender.ts', import.meta.url));
const dead = JSON.stringify({ pid: 4_194_000, start: 'long ago' });

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('of several servers that meet the lock of a killed one, one takes the folder', async () => {
  const servers = Array.from({ length: 3 }, () => fork(contender));
  try {
    await Promise.all(servers.map(said));
    for (let round = 0; round < 150; round += 1) {
      const dataDir = path.join(folder, String(round));
      await mkdir(dataDir);
      await writeFile(path.join(dataDir, 'server.lock'), dead);
      const at = Date.now() + 5;
      for (const server of servers) server.send({ dataDir, at });
      const answers = await Promise.all(servers.map(said));
      expect(answers.filter((answer) => answer === 'took it')).toHaveLength(1);
      const refused = /^took it$|^another Trainyard or training server \(process \d+\) uses /;
      for (const answer of answers) expect(answer).toMatch(refused);
      expect(await readdir(dataDir)).toEqual(['server.lock']);
    }
  } finally {
    const exited = servers.map((server) => once(server, 'exit'));
    for (const server of servers) server.kill();
    await Promise.all(exited);
  }
});

test.each([
  ['was killed', dead],
  ['was killed while it wrote', ''],
])('the folder of a server that %s can be taken, and was left as it was', async (_, left) => {
  for (const name of ['server.lock', 'server.lock.takeover', 'server.lock.takeover.takeover']) {
    await writeFile(path.join(folder, name), left);
  }
  lockFolder(folder)[Symbol.dispose]();
  expect(await readdir(folder)).toEqual([]);
});

async function said(server: ChildProcess): Promise<unknown> {
  const [message] = await once(server, 'message');
  return message;
}
