import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Pod } from '../../support/runpod/pod.ts';
import { type Account, apiKey, bash, command, gpu, image, openAccount, written } from './client.ts';

const network = [{ volumeId: 'vol1', path: '/runpod-volume' }];
const persistent = { size: 10, path: '/workspace' };

/** Waits until the pod has written this line, so many times. */
async function wrote({ standIn }: Account, pod: Pod, line: string, times = 1): Promise<void> {
  const count = () => written(pod.log.read(0)).filter((text) => text === line).length;
  await standIn.until(() => count() >= times);
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-stand-in-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Processes that were started with this text in their environment. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => environments[index]?.includes(text));
}

describe('a container', () => {
  it("gets its pod's words, variables and folder, and nothing of this process", async () => {
    const account = await openAccount({ pathDirs: ['/opt/tools'] });
    const script = `const { PATH, ...env } = process.env;
      console.log(JSON.stringify({ argv: process.argv.slice(1), cwd: process.cwd(), PATH, env }));`;
    const args = `${command('node -e', script)} 'a  b' "c \\"d\\" $HOME" e\\ f ''`;
    const env = { GREETING: 'it\'s\n"fine"', RUNPOD_API_KEY: 'forged' };
    const pod = await account.create(args, { env });
    await account.standIn.until(() => pod.status === 'EXITED');
    const [line = ''] = written(pod.log.read(0));
    const seen = JSON.parse(line);
    expect(seen.argv).toEqual(['a  b', 'c "d" $HOME', 'e f', '']);
    expect(seen.cwd).toBe(pod.directory);
    expect(seen.PATH.split(':').slice(0, 2)).toEqual([
      '/opt/tools',
      path.dirname(process.execPath),
    ]);
    expect(seen.env).toEqual({
      GREETING: env.GREETING,
      HOME: pod.directory,
      TMPDIR: path.join(pod.directory, 'tmp'),
      LANG: 'C.UTF-8',
      RUNPOD_POD_ID: pod.id,
      RUNPOD_API_KEY: pod.key,
      RUNPOD_DC_ID: 'US-KS-2',
      RUNPOD_GPU_COUNT: '1',
    });
    expect(await readdir(pod.directory)).toEqual(['tmp', 'workspace']);
  });

  it('goes through the states of a pod, and costs nothing once it has ended', async () => {
    const account = await openAccount();
    const { standIn, call } = account;
    const pod = await account.create(bash('echo up; sleep 60'), { ports: ['22/tcp'] });
    const look = async () => (await call(`GET /v2/pods/${pod.id}`)).body;
    await wrote(account, pod, 'up');
    expect(await look()).toMatchObject({
      status: 'RUNNING',
      cost: 0.44,
      runtime: { uptime: expect.any(Number), ports: [{ private: 22, public: 34_446 }] },
      ssh: { proxy: { username: expect.stringContaining(pod.id) }, direct: { username: 'root' } },
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    pod.kill();
    await standIn.until(() => pod.status === 'EXITED');
    expect(await look()).toMatchObject({ status: 'EXITED', cost: 0, runtime: null });
    expect(pod.pid).toBeNull();
  });

  it('loses its disk at a restart, but not what is mounted', async () => {
    const account = await openAccount();
    const script = bash(
      'echo [$(ls)] [$(ls workspace)]; touch here workspace/kept; echo done; sleep 60',
    );
    const pod = await account.create(script, { mounts: { persistent } });
    await wrote(account, pod, 'done');
    const body = { action: 'restart' };
    const restarted = await account.call(`POST /v2/pods/${pod.id}/action`, { body });
    expect(restarted).toMatchObject({ status: 200, body: { status: 'STARTING' } });
    await wrote(account, pod, 'done', 2);
    expect(written(pod.log.read(0)).filter((line) => line !== 'done')).toEqual([
      '[tmp workspace] []',
      '[tmp workspace] [kept]',
    ]);
  });

  it('shares a network volume with the pods before it', async () => {
    const networkVolumes = new Map([['vol1', 'EU-SE-1']]);
    const account = await openAccount({ market: { networkVolumes } });
    const first = await account.create(bash('echo model > runpod-volume/m'), {
      mounts: { network },
    });
    await account.standIn.until(() => first.status === 'EXITED');
    first.terminate();
    const second = await account.create('cat runpod-volume/m', { mounts: { network } });
    await wrote(account, second, 'model');
  });

  it('says goodbye to SIGTERM at a stop, and runs again at a start', async () => {
    const account = await openAccount();
    const { standIn, call } = account;
    const script = bash('trap "echo bye; exit" TERM; echo up; while :; do sleep 0.05; done');
    const pod = await account.create(script);
    await wrote(account, pod, 'up');
    const act = (action: string) => call(`POST /v2/pods/${pod.id}/action`, { body: { action } });
    expect(await act('stop')).toMatchObject({ status: 200, body: { status: 'EXITED', cost: 0 } });
    await wrote(account, pod, 'bye');
    expect(await act('start')).toMatchObject({ status: 200, body: { status: 'STARTING' } });
    await wrote(account, pod, 'up', 2);
    await standIn.until(() => pod.status === 'RUNNING');
    expect(pod.containerStarts).toBe(2);
  });

  it('is killed where it does not heed SIGTERM', async () => {
    const account = await openAccount({ stopGraceMs: 10 });
    const pod = await account.create(bash('trap "" TERM; echo up; while :; do sleep 1; done'));
    await wrote(account, pod, 'up');
    pod.stop();
    await pod.settled();
    expect(pod.status).toBe('EXITED');
    expect(await processesWith(pod.id)).toEqual([]);
  });

  it('takes everything that runs in it along when its first process ends, after its last line', async () => {
    const account = await openAccount();
    const daemon = `node -e "setInterval(() => {}, 1000); console.log('daemon up')"`;
    const script = `(setsid ${daemon} &); until [ -e seen ]; do sleep 0.02; done; printf 'no newline'`;
    const pod = await account.create(bash(script));
    await wrote(account, pod, 'daemon up');
    await writeFile(path.join(pod.directory, 'seen'), '');
    await account.standIn.until(() => pod.status === 'EXITED');
    expect(written(pod.log.read(0))).toEqual(['daemon up', 'no newline']);
    expect(await processesWith(pod.id)).toEqual([]);
  });

  it.each([
    ['a program that is not there', 'no-such-program --help', {}, /no-such-program/],
    ['a quote that is never closed', "bash -c 'echo", {}, /unterminated/],
  ])('is in ERROR for %s, and the system log says why', async (_, args, more, reason) => {
    const account = await openAccount();
    const pod = await account.create(args, more);
    await account.standIn.until(() => pod.status === 'ERROR');
    expect(pod.log.read(0).at(-1)).toMatchObject({
      source: 'system',
      line: expect.stringMatching(reason),
    });
    expect((await account.call(`GET /v2/pods/${pod.id}`)).body).toMatchObject({ cost: 0.44 });
  });

  it('is in ERROR when its host fails, and can be started again', async () => {
    const account = await openAccount();
    const pod = await account.create(bash('echo up; sleep 60'));
    await wrote(account, pod, 'up');
    pod.fail();
    expect(pod.actions).toEqual(['start', 'terminate']);
    pod.start();
    await wrote(account, pod, 'up', 2);
  });

  it('can end its pod from inside, with the key that it was given', async () => {
    const account = await openAccount();
    const { standIn } = account;
    const script = `const { RUNPOD_POD_ID: id, RUNPOD_API_KEY: key, API: api } = process.env;
      await fetch(api + '/v2/pods/' + id, { method: 'DELETE', headers: { Authorization: 'Bearer ' + key } });`;
    const pod = await account.create(command('node --input-type=module -e', script), {
      env: { API: standIn.url },
    });
    await standIn.until(() => pod.status === 'TERMINATED');
    await pod.settled();
    expect(existsSync(pod.directory)).toBe(false);
  });
});

describe('the end', () => {
  it('leaves no process, folder or port behind', async () => {
    const scratchDir = await emptyFolder();
    const account = await openAccount({ scratchDir, provisionMs: 1 });
    const { standIn } = account;
    const [running] = [
      await account.create(bash('(setsid sleep 60 &); echo up; sleep 60'), {
        mounts: { persistent },
      }),
      await account.create('true'),
    ];
    const log = await account.openLog(running);
    await wrote(account, running, 'up');
    await standIn.close();
    await standIn.close();
    await expect(log.text()).rejects.toThrow();
    await expect(account.call('GET /v2/pods')).rejects.toThrow();
    expect(await processesWith(running.id)).toEqual([]);
    expect(await readdir(scratchDir)).toEqual([]);
  });

  it('comes in good order when it was started by hand', async () => {
    const scratchDir = await emptyFolder();
    const main = fileURLToPath(new URL('../../support/runpod/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0', '--api-key', apiKey], {
      env: { ...process.env, TMPDIR: scratchDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let url = '';
    for await (const line of createInterface({ input: child.stdout })) {
      url = /RUNPOD_API_URL=(\S+) RUNPOD_API_KEY=\S+ npm start/.exec(line)?.[1] ?? url;
      if (line.includes('Ctrl-C')) break;
    }
    const headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ name: 'a', image, gpu, args: 'sleep 60' });
    const created = await fetch(`${url}/v2/pods`, { method: 'POST', headers, body });
    expect(created.status).toBe(201);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await readdir(scratchDir)).toEqual([]);
  });
});
