import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../src/lib/system/process-identity.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import type { TrainerOptions } from '../../src/trainer/trainer.ts';
import { startTrainer, type TestTrainer, temporaryFolder } from '../support/trainer/harness.ts';
import { processesOf } from '../support/trainer/processes.ts';

const MiB = 1024 * 1024;
const { signal } = new AbortController();
const stopped = 'T'; // as ps has it

function processState(pid: number): string {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim().slice(0, 1);
}

describe('a disk with too little room', () => {
  let free = 0;
  let trainer: TestTrainer;
  let readings = 0;
  const readSpace = async () => {
    readings += 1;
    return { free, total: 100_000 * MiB };
  };
  const room = { readSpace, diskReserveMb: 100 };
  /** Resolves when what was read since the call has been acted on. */
  const heeded = async () => {
    const before = readings;
    await expect.poll(() => readings, { timeout: 5000 }).toBeGreaterThan(before + 1);
  };

  beforeEach(async () => {
    free = 1000 * MiB;
    trainer = await startTrainer({ ...room, graceMs: 3_600_000 });
  });
  afterEach(() => trainer[Symbol.asyncDispose]());

  const start = async (id = 'job') => {
    await trainer.client.run(id, 'echo go; exec sleep 60');
    await trainer.client.printed(id, 'go');
    return (await processesOf(trainer.dataDir, id)).command.pid;
  };
  const statusOf = async () => (await trainer.client.status('job')).status;
  const post = (route: string) => trainer.client.post(`/api/training/${route}`);

  test('stops the jobs, says why, and lets them go on when there is room', async () => {
    const pid = await start();
    free = 99 * MiB;
    await expect.poll(() => processState(pid)).toBe(stopped);
    expect(await trainer.client.status('job')).toMatchObject({
      status: 'paused',
      status_reason: expect.stringContaining('99 MiB are free'),
      notice: {
        code: 'DISK_FULL',
        message: expect.stringContaining('held'),
        help: expect.any(Array),
      },
    });
    const { body: health } = await trainer.client.get('/health');
    expect(health).toMatchObject({ status: 'degraded', running: 1 });
    expect(health.message).toContain('100 MiB are kept in reserve');
    const { body: queue } = await trainer.client.get('/api/training/queue');
    expect(queue.running_jobs).toMatchObject([{ job_id: 'job', status: 'paused' }]);

    free = 101 * MiB; // more than the reserve, but the next line would fill it again
    await heeded();
    expect(processState(pid)).toBe(stopped);
    free = 130 * MiB;
    await expect.poll(statusOf).toBe('running');
    await expect.poll(() => processState(pid)).not.toBe(stopped);
    const after = await trainer.client.status('job');
    expect(after).not.toHaveProperty('status_reason');
    expect(after).not.toHaveProperty('notice');
    expect((await trainer.client.get('/health')).body).toMatchObject({ status: 'ok' });
  });

  test('starts no job until there is room', async () => {
    free = 0;
    await expect
      .poll(async () => (await trainer.client.get('/health')).body.status)
      .toBe('degraded');
    await trainer.client.run('job', 'echo started');
    await heeded();
    expect(await statusOf()).toBe('queued');
    free = 1000 * MiB;
    expect((await trainer.client.over('job')).lines).toEqual(['started']);
  });

  test.each([
    ['politely', ''],
    ['by force', '?force=true'],
  ])('does not keep a job from being cancelled %s', async (_, how) => {
    await start();
    free = 1 * MiB;
    await expect.poll(statusOf).toBe('paused');
    expect((await post(`cancel/job${how}`)).body).toMatchObject({ success: true });
    expect((await trainer.client.over('job')).end).toMatchObject({ status: 'cancelled' });
  });

  test('and a pause of the user do not undo one another', async () => {
    const pid = await start();
    expect((await post('pause/job')).status).toBe(200);
    free = 1 * MiB;
    await expect.poll(async () => (await trainer.client.status('job')).status_reason).toBeDefined();
    free = 1000 * MiB;
    await expect
      .poll(async () => (await trainer.client.status('job')).status_reason)
      .toBe(undefined);
    expect([await statusOf(), processState(pid)]).toEqual(['paused', stopped]);

    free = 1 * MiB;
    await expect.poll(async () => (await trainer.client.status('job')).status_reason).toBeDefined();
    expect((await post('resume/job')).status).toBe(200); // it may go on as far as the user is concerned
    expect([await statusOf(), processState(pid)]).toEqual(['paused', stopped]);
    const again = await post('resume/job');
    expect(again).toMatchObject({ status: 409, body: { error: expect.stringContaining('disk') } });
    free = 1000 * MiB;
    await expect.poll(() => processState(pid)).not.toBe(stopped);
    expect(await statusOf()).toBe('running');

    free = 1 * MiB;
    await expect.poll(statusOf).toBe('paused');
    expect((await post('pause/job')).status).toBe(200);
    free = 1000 * MiB;
    await expect
      .poll(async () => (await trainer.client.status('job')).status_reason)
      .toBe(undefined);
    expect([await statusOf(), processState(pid)]).toEqual(['paused', stopped]);
  });

  test('holds no job longer than the server that finds room after a restart', async () => {
    const pid = await start();
    free = 1 * MiB;
    await expect.poll(() => processState(pid)).toBe(stopped);
    await trainer.restart(); // still without room
    await expect.poll(statusOf).toBe('paused');
    expect(processState(pid)).toBe(stopped);
    const restarting = trainer.restart();
    free = 1000 * MiB;
    await restarting;
    await expect.poll(() => processState(pid)).not.toBe(stopped);
    await expect.poll(statusOf).toBe('running');
  });

  test('is told by the provider: DEGRADED with the reason, PAUSED with a notice', async () => {
    await start();
    free = 1 * MiB;
    await expect.poll(statusOf).toBe('paused');
    const options = { name: 'box', url: trainer.client.url, apiKey: null, recipes: null };
    const provider = openLocalProvider(options);
    expect(await provider.health(signal)).toMatchObject({
      status: 'DEGRADED',
      message: expect.stringContaining('MiB are free'),
    });
    const ref = { jobId: 'job', externalId: 'job' };
    for await (const report of provider.status([ref], signal)) {
      expect(report).toMatchObject({ state: { status: 'PAUSED' } });
    }
    expect(provider.logNotice({ ...ref, id: 'job', status: 'PAUSED' } as never)).toMatchObject({
      code: 'DISK_FULL',
      url: null,
    });
    await provider.close();
  });
});

test('a room that cannot be read holds nothing', async () => {
  const readSpace = async () => Promise.reject(new Error('no such call'));
  await using trainer = await startTrainer({ readSpace });
  await trainer.client.run('job', 'echo ran');
  expect((await trainer.client.over('job')).lines).toEqual(['ran']);
});

/** A small file system of its own; null where this user may not mount one. */
async function mountSmall(): Promise<(AsyncDisposable & { folder: string }) | null> {
  const folder = path.join(await temporaryFolder(), 'small');
  await mkdir(folder);
  const { status } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', folder]);
  const remove = () => rm(path.dirname(folder), { recursive: true, force: true });
  if (status !== 0) {
    await remove();
    return null;
  }
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      spawnSync('/bin/umount', ['-l', folder]);
      await remove();
    },
  };
}

describe('a disk that is really full', () => {
  /** Prints numbered lines and does not look whether they could be written. */
  const careless =
    'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i of a job" 2>/dev/null; sleep 0.01; done; echo end';

  async function startSmall(folder: string, more: Partial<TrainerOptions> = {}) {
    return await startTrainer({ dataDir: path.join(folder, 'data'), ...more });
  }

  test('holds the job before it loses a line, where it fills slowly', async (context) => {
    await using small = await mountSmall();
    if (small === null) return context.skip('this user may not mount a file system');
    await using trainer = await startSmall(small.folder);
    await trainer.client.run('job', careless);
    await trainer.client.printed('job', 'line 5 ');
    const filler = path.join(small.folder, 'filler');
    await writeFile(filler, Buffer.alloc(15.5 * MiB)); // 0.5 MiB are left of a reserve of 0.8
    await expect.poll(async () => (await trainer.client.status('job')).status).toBe('paused');
    await rm(filler);
    const { lines } = await trainer.client.over('job');
    expect(lines).toHaveLength(301);
    expect(await trainer.client.status('job')).not.toHaveProperty('notice');
  });

  test('is found out also where no server was there to see it', async (context) => {
    await using small = await mountSmall();
    if (small === null) return context.skip('this user may not mount a file system');
    await using trainer = await startSmall(small.folder);
    const [goOn, filler] = [path.join(small.folder, 'go-on'), path.join(small.folder, 'filler')];
    await trainer.client.run(
      'job',
      `echo go; until [ -e ${goOn} ]; do echo lost 2>/dev/null; sleep 0.01; done`,
    );
    await trainer.client.printed('job', 'go');
    const { runner } = await processesOf(trainer.dataDir, 'job');
    await trainer.restart(async () => {
      await writeFile(filler, Buffer.alloc(17 * MiB)).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1500)); // the runner looks once a second
      await rm(filler);
      await writeFile(goOn, '');
      await expect.poll(() => isAlive(runner), { timeout: 5000 }).toBe(false);
    });
    const { end } = await trainer.client.over('job');
    expect(end).toMatchObject({ status: 'completed', notice: { code: 'LINES_LOST' } });
    expect(end.gaps).toMatchObject([{ offset: end.total_lines }]);
  });

  test('leaves a gap and a notice in the log of a job that could not write', async (context) => {
    await using small = await mountSmall();
    if (small === null) return context.skip('this user may not mount a file system');
    await using trainer = await startSmall(small.folder);
    await trainer.client.run('job', careless);
    await trainer.client.printed('job', 'line 5 ');
    const filler = path.join(small.folder, 'filler');
    await writeFile(filler, Buffer.alloc(17 * MiB)).catch(() => {}); // to the last byte, at once
    await expect.poll(async () => (await trainer.client.status('job')).status).toBe('paused');
    await rm(filler);
    const { lines, end } = await trainer.client.over('job');
    expect(lines.at(-1)).toBe('end');
    expect(lines.length).toBeGreaterThan(250); // it was held, so that it lost few
    const gaps: { offset: number; reason: string }[] = [];
    for await (const { data } of trainer.client.events('job')) gaps.push(...(data.gaps ?? []));
    expect(gaps).toEqual([
      { offset: expect.any(Number), reason: expect.stringContaining('was full while the job ran') },
    ]);
    // All lines before the gap are whole and there.
    const offset = gaps[0]?.offset ?? 0;
    expect(lines.slice(0, offset)).toEqual(
      Array.from({ length: offset }, (_, n) => `line ${n + 1} of a job`),
    );
    expect(end.notice).toMatchObject({ code: 'LINES_LOST' });
    const later = await trainer.restart();
    expect((await later.status('job')).notice).toMatchObject({ code: 'LINES_LOST' });
    const { body } = await later.get('/api/training/logs/job?limit=5000');
    expect(body.gaps).toEqual(gaps);
  });
});
