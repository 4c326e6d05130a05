import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JobRef, StatusReport } from '../../../src/core/provider.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import { Follower, jobOf } from '../follow.ts';
import { openYard, printed, type Yard } from './yard.ts';

const id = 'job-a';
const refOf = (pod: Pod, jobId = id): JobRef => ({ jobId, externalId: pod.id });

async function statusOf({ provider, signal }: Yard, ...refs: JobRef[]): Promise<StatusReport[]> {
  return await Array.fromAsync(provider.status(refs, signal));
}

function follow({ provider, signal }: Yard, pod: Pod): Follower {
  return new Follower(provider.followLogs(refOf(pod), null, signal));
}

/** Follows the log of an ended container as a collector does: for as long as it may come. */
async function followAnew(yard: Yard, pod: Pod): Promise<Follower> {
  await yard.standIn.until(() => pod.status === 'EXITED');
  await statusOf(yard, refOf(pod));
  for (;;) {
    const follower = follow(yard, pod);
    await follower.done.catch(() => {});
    if (follower.ended) return follower;
  }
}

const runs = 'echo ready; sleep 60';

describe('how jobs are', () => {
  test('is asked once for all of them', async () => {
    const yard = await openYard(runs);
    const pods = await Promise.all(['job-a', 'job-b', 'job-c'].map((job) => yard.deploy(job)));
    await yard.standIn.until(() => pods.every(({ status }) => status === 'RUNNING'));
    const before = yard.standIn.requests.length;
    const reports = await statusOf(yard, ...pods.map((pod) => refOf(pod, pod.name)));
    expect(yard.standIn.requests.length).toBe(before + 1);
    expect(reports.length).toBe(3);
    for (const report of reports) {
      expect(report).toMatchObject({
        state: {
          status: 'RUNNING',
          providerStatus: 'RUNNING',
          consoleUrl: expect.stringMatching(/^https:\/\/www\.runpod\.io\/console\/pods\/\w+$/),
          rate: { currency: 'USD', perHour: 0.44 },
          resources: {
            values: {
              cpu_utilization_percent: 45,
              memory_utilization_percent: 30,
              gpu_0_utilization_percent: 94,
              gpu_0_memory_utilization_percent: 78,
            },
          },
        },
      });
    }
  });

  test('is STARTING while a pod is prepared, and open while its log may still tell', async () => {
    const yard = await openYard(runs, { standIn: { provisionMs: 60_000 } });
    const pod = await yard.deploy(id);
    expect(await statusOf(yard, refOf(pod))).toMatchObject([
      { state: { status: 'STARTING', providerStatus: 'PROVISIONING' } },
    ]);
    pod.fail();
    expect(await statusOf(yard, refOf(pod))).toMatchObject([
      { state: { status: null, providerStatus: 'ERROR' } },
    ]);
  });

  test('is not found where the pod has vanished, which RunPod is asked for twice', async () => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    pod.terminate();
    const before = yard.standIn.requests.length;
    expect(await statusOf(yard, refOf(pod))).toMatchObject([{ error: { code: 'NOT_FOUND' } }]);
    expect(yard.standIn.requests.slice(before).map(({ path }) => path)).toEqual([
      '/v2/pods',
      `/v2/pods/${pod.id}`,
    ]);
  });

  test('stays unknown where the answer is garbage', async () => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    yard.standIn.faults.next('GET /v2/pods', { act: 'garbage' });
    await expect(statusOf(yard, refOf(pod))).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });
});

describe('a container that ends without a word', () => {
  test('has failed, once its log is silent', async () => {
    const yard = await openYard('echo one; sleep 60');
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await yard.standIn.until(() => printed(pod).includes('one'));
    pod.kill();
    await follower.done;
    expect(follower.lines).toContain('one');
    expect(follower.ended).toMatchObject({
      state: { status: 'FAILED', failure: { message: expect.stringContaining('without saying') } },
    });
  });

  test('has failed where RunPod could not run it', async () => {
    const times = { silenceMs: 100, quietMs: 50 };
    const yard = await openYard(runs, { standIn: { startMs: 60_000 }, times });
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    pod.fail();
    await follower.done;
    expect(follower.ended).toMatchObject({
      state: { status: 'FAILED', failure: { message: expect.stringContaining('ERROR') } },
    });
  });

  test('has failed, too, where its log is refused', async () => {
    const yard = await openYard(runs);
    yard.standIn.faults.next('GET /v2/pods/{id}/logs', { status: 403, times: 3 });
    const pod = await yard.deploy(id);
    pod.fail();
    for (const _ of [1, 2]) {
      await expect(follow(yard, pod).done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    }
    const follower = follow(yard, pod);
    await follower.done;
    expect(follower.ended).toMatchObject({ state: { status: 'FAILED' } });
  });

  test.each([
    ['is answered with 502', { status: 502 }],
    ['is refused with 422', { status: 422 }],
    ['is never begun', { act: 'hang' }],
  ] as const)('has failed, and its log a gap, where that %s for too long', async (_, fault) => {
    const times = { drainMs: 1, headersMs: 100, silenceMs: 100, quietMs: 50 };
    const yard = await openYard('echo one; sleep 60', { times });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('one'));
    yard.standIn.faults.next('GET /v2/pods/{id}/logs', { ...fault, times: 100 });
    if ('status' in fault) await expect(follow(yard, pod).done).rejects.toThrow();
    pod.kill();
    const follower = await followAnew(yard, pod);
    expect(follower.gaps).toEqual([
      { offset: 0, reason: expect.stringContaining('end of its log') },
    ]);
    expect(follower.ended).toMatchObject({
      state: { status: 'FAILED', failure: { message: expect.stringContaining('not known') } },
    });
  });

  test('is read on for as long as its log gives anything new', async () => {
    const yard = await openYard('for n in {0..99}; do echo "line $n"; done; sleep 60', {
      times: { drainMs: 1 },
    });
    yard.standIn.faults.nextStream({ stop: 'cut', after: 10, times: 8 });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('line 99'));
    pod.kill();
    const follower = await followAnew(yard, pod);
    expect(follower.lines).toContain('line 99');
    expect(follower.gaps).toEqual([]);
  });

  test('has failed where its log is cut again and again before anything new', async () => {
    const yard = await openYard(runs, { times: { drainMs: 1 } });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('ready'));
    pod.kill();
    await yard.standIn.until(() => pod.status === 'EXITED');
    yard.standIn.faults.nextStream({ stop: 'cut', after: 0, times: 100 });
    const follower = await followAnew(yard, pod);
    expect(follower.gaps.length).toBe(1);
    expect(follower.ended).toMatchObject({ state: { status: 'FAILED' } });
  });

  test('has failed where it was started again and its disk was wiped, and trains no second time for long', async () => {
    const yard = await openYard('echo once; sleep 60');
    const pod = await yard.deploy(id, { options: { volumeGb: 0 } });
    const follower = follow(yard, pod);
    await yard.standIn.until(() => printed(pod).includes('once'));
    pod.kill();
    pod.start();
    await follower.done;
    expect(follower.ended).toMatchObject({
      state: { status: 'FAILED', failure: { message: expect.stringContaining('restarted') } },
    });
  });
});

describe('a cancel', () => {
  test('lets the training say its last words', async () => {
    const yard = await openYard(
      'trap "echo saved; exit 1" TERM; echo ready; while :; do sleep 0.05; done',
    );
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await yard.standIn.until(() => printed(pod).includes('ready'));
    expect(await yard.provider.cancel(refOf(pod), { force: false }, yard.signal)).toBe(true);
    await follower.done;
    expect(follower.lines.filter((line) => line === 'saved')).toEqual(['saved']);
    expect(follower.ended).toMatchObject({ state: { status: 'CANCELLED' } });
  });

  test.each([
    ['with force', true, (_: Pod) => {}],
    [
      'of a locked pod',
      false,
      (pod: Pod) => {
        pod.locked = true;
      },
    ],
  ])('%s terminates the pod at once, and is final', async (_, force, prepare) => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => pod.status === 'RUNNING');
    prepare(pod);
    expect(await yard.provider.cancel(refOf(pod), { force }, yard.signal)).toBe(true);
    expect(pod.status).toBe('TERMINATED');
    expect(await statusOf(yard, refOf(pod))).toMatchObject([{ state: { status: 'CANCELLED' } }]);
    expect(await yard.provider.cancel(refOf(pod), { force }, yard.signal)).toBe(false);
  });

  test('terminates a pod that is still being prepared', async () => {
    const yard = await openYard(runs, { standIn: { provisionMs: 60_000 } });
    const pod = await yard.deploy(id);
    await yard.provider.cancel(refOf(pod), { force: false }, yard.signal);
    expect(pod.status).toBe('TERMINATED');
  });

  test('of an unknown pod is not found, and of one that has ended is too late', async () => {
    const yard = await openYard(runs);
    const unknown = { jobId: 'no', externalId: 'no' };
    const cancel = (ref: JobRef) => yard.provider.cancel(ref, { force: false }, yard.signal);
    await expect(cancel(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const pod = await yard.deploy(id);
    pod.fail();
    expect(await cancel(refOf(pod))).toBe(false);
    expect(pod.status).toBe('ERROR');
  });

  test.each([
    ['EXITED', (pod: Pod) => pod.kill()],
    ['ERROR', (pod: Pod) => pod.fail()],
  ])('with force terminates a pod that is %s', async (status, end) => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('ready'));
    end(pod);
    await yard.standIn.until(() => pod.status === status);
    expect(await yard.provider.cancel(refOf(pod), { force: true }, yard.signal)).toBe(true);
    expect(pod.status).toBe('TERMINATED');
  });
});

describe('what a reader is told where the log cannot be had', () => {
  test.each([
    [401, 'LOG_REFUSED'],
    [403, 'LOG_REFUSED'],
    [404, 'LOG_NOT_FOUND'],
  ])('RunPod answers %i for it', async (status, code) => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('ready'));
    yard.standIn.faults.next('GET /v2/pods/{id}/logs', { status, detail: 'not for you' });
    await expect(follow(yard, pod).done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const job = jobOf(id, { externalId: pod.id });
    const notice = yard.provider.logNotice(job);
    expect(notice).toMatchObject({ code, message: expect.stringContaining('not for you') });
    expect(notice?.url).toBe(`https://www.runpod.io/console/pods/${pod.id}`);
    const help = notice?.help.join('\n') ?? '';
    expect(help).toMatch(/Logs[\s\S]*ssh .*tail -f \S+ \(\/tmp\/trainyard\/job-a\/\S+ where/);
    const [, file = ''] = /tail -f (\S+)/.exec(help) ?? [];
    // Its writer is another process than the one that has printed.
    const copy = () => readFile(path.join(pod.directory, file), 'utf8');
    await expect.poll(copy).toBe('ready\n');
    // It can be had again.
    await follow(yard, pod).reach(1);
    expect(yard.provider.logNotice(job)).toBeNull();
  });

  test('a pod runs without a line', async () => {
    const yard = await openYard(runs, { times: { emptyMs: 0, quietMs: 50 } });
    yard.standIn.faults.nextStream({ stop: 'silence', after: 0 });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => pod.status === 'RUNNING');
    void follow(yard, pod);
    const job = jobOf(id, { externalId: pod.id });
    await expect.poll(() => yard.provider.logNotice(job)).toMatchObject({ code: 'LOG_EMPTY' });
  });

  test('the pod is gone', async () => {
    const yard = await openYard(runs);
    const pod = await yard.deploy(id);
    pod.terminate();
    await expect(follow(yard, pod).done).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(yard.provider.logNotice(jobOf(id, { externalId: pod.id }))).toMatchObject({
      code: 'POD_GONE',
      url: expect.stringContaining(pod.id),
    });
  });
});

describe('health', () => {
  test('is UP where RunPod accepts the key', async () => {
    const { provider, signal } = await openYard(runs);
    expect(await provider.health(signal)).toMatchObject({ status: 'UP', message: null });
  });

  test('is DOWN with a wrong key, names its variable and never the key', async () => {
    const { provider, signal } = await openYard(runs, { apiKey: 'rpa_wrong', keyName: 'MY_KEY' });
    const health = await provider.health(signal);
    expect(health).toMatchObject({
      status: 'DOWN',
      message: expect.stringContaining('set MY_KEY'),
    });
    expect(JSON.stringify(health)).not.toContain('rpa_wrong');
  });

  test('hides a key that RunPod repeats', async () => {
    const { provider, signal, standIn } = await openYard(runs);
    standIn.faults.next('GET /v2/pods', { status: 401, detail: 'rpa_the_account is no good' });
    const health = await provider.health(signal);
    expect(health.message).toContain('"[key] is no good"');
  });

  test('is DOWN where nobody is there', async () => {
    const { provider, signal, standIn } = await openYard(runs);
    await standIn.close();
    expect(await provider.health(signal)).toMatchObject({
      status: 'DOWN',
      message: expect.stringContaining('nothing listens'),
    });
  });
});

test("lists what it holds for Trainyard's jobs and gives it back, however often", async () => {
  const yard = await openYard(runs);
  const pod = await yard.deploy(id);
  const foreign = { name: 'my-notebook', image: 'an/image', gpu: { id: 'NVIDIA A40' } };
  await fetch(`${yard.standIn.url}/v2/pods`, {
    method: 'POST',
    headers: { authorization: 'Bearer rpa_the_account', 'content-type': 'application/json' },
    body: JSON.stringify(foreign),
  });
  expect(await yard.provider.held(yard.signal)).toEqual([refOf(pod)]);
  await yard.provider.release(refOf(pod), yard.signal);
  await yard.provider.release(refOf(pod), yard.signal);
  expect(pod.status).toBe('TERMINATED');
  expect(await yard.provider.held(yard.signal)).toEqual([]);
});
