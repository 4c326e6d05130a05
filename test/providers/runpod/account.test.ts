import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { jobOf } from '../follow.ts';
import { bashRecipe, openYard, printed } from './yard.ts';

const id = '0123456789abcdef';

describe('an account with more pods than one page of the list holds', () => {
  test('has all of them read', async () => {
    const yard = await openYard('sleep 60', { standIn: { pageSize: 2 } });
    const ids = ['job-a', 'job-b', 'job-c', 'job-d', 'job-e'];
    const pods = [];
    for (const job of ids) pods.push(await yard.deploy(job));
    // The oldest is on the last page.
    expect(await yard.provider.find(jobOf('job-a'), yard.signal)).toBe(pods[0]?.id);
    const held = await yard.provider.held(yard.signal);
    expect(held.map(({ jobId }) => jobId).sort()).toEqual(ids);
    const before = yard.standIn.requests.length;
    const refs = pods.map((pod, at) => ({ jobId: ids[at] ?? '', externalId: pod.id }));
    const reports = await Array.fromAsync(yard.provider.status(refs, yard.signal));
    expect(reports.filter((report) => 'state' in report).length).toBe(5);
    const asked = yard.standIn.requests.slice(before).map(({ path }) => path.split('=')[0]);
    expect(asked).toEqual(['/v2/pods', '/v2/pods?cursor', '/v2/pods?cursor']);
  });

  test('buys no second pod for a job whose pod is on a later page', async () => {
    const yard = await openYard('sleep 60', { standIn: { pageSize: 1 } });
    const pod = await yard.deploy(id);
    await yard.deploy('another');
    expect((await yard.deploy(id)).id).toBe(pod.id);
    expect(yard.standIn.pods().length).toBe(2);
  });

  test('is asked for one page alone to see whether it is well', async () => {
    const yard = await openYard('sleep 60', { standIn: { pageSize: 1 } });
    for (const job of ['job-a', 'job-b']) await yard.deploy(job);
    const before = yard.standIn.requests.length;
    expect(await yard.provider.health(yard.signal)).toMatchObject({ status: 'UP' });
    expect(yard.standIn.requests.length).toBe(before + 1);
  });

  test('is not read for ever, and not taken for one without the pods that were not read', async () => {
    const yard = await openYard('sleep 60', { standIn: { pageSize: 1, pagesWithoutEnd: true } });
    await yard.deploy('job-a').catch(() => {});
    await expect(yard.provider.find(jobOf(id), yard.signal)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('more pods than fill 50 pages'),
    });
  });
});

describe('a gateway before RunPod', () => {
  test('is told who calls', async () => {
    const yard = await openYard('sleep 60');
    await yard.deploy(id);
    await yard.provider.health(yard.signal);
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const agents = new Set(yard.standIn.requests.map(({ userAgent }) => userAgent));
    expect([...agents]).toEqual([`trainyard/${version}`]);
  });

  const gateway = { status: 403, detail: 'error code: 1010', isPlainText: true };

  test('that refuses a call is quoted, and not taken for RunPod', async () => {
    const yard = await openYard('sleep 60');
    yard.standIn.faults.next('GET /v2/pods', gateway);
    const { status, message } = await yard.provider.health(yard.signal);
    expect(status).toBe('DOWN');
    expect(message).toMatch(/"error code: 1010" \(403\).*this answer is not from RunPod/);
    expect(message).not.toMatch(/RUNPOD_API_KEY/);
  });

  test('that repeats the key or a value does not get it told', async () => {
    const yard = await openYard('sleep 60');
    const detail = 'rpa_the_account may not send hf_a_secret';
    yard.standIn.faults.next('POST /v2/pods', { ...gateway, detail });
    const env = [{ name: 'A', value: 'hf_a_secret' }];
    const refused = await yard.deploy(id, { options: { env } }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('"[key] may not send [value]"'),
    });
  });

  test('that refuses a log is told in the notice, and the key is not blamed', async () => {
    const yard = await openYard('sleep 60');
    const pod = await yard.deploy(id);
    yard.standIn.faults.next('GET /v2/pods/{id}/logs', gateway);
    const ref = { jobId: id, externalId: pod.id };
    await expect(
      Array.fromAsync(yard.provider.followLogs(ref, null, yard.signal)),
    ).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const notice = yard.provider.logNotice(jobOf(id, { externalId: pod.id }));
    expect(notice).toMatchObject({
      code: 'LOG_REFUSED',
      message: expect.stringMatching(/^A gateway.*"error code: 1010"$/),
    });
  });

  test('that refuses a create is no lack of room: it is tried again at the same candidate', async () => {
    const yard = await openYard('sleep 60');
    yard.standIn.faults.next('POST /v2/pods', gateway);
    await expect(yard.deploy(id)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect((await yard.deploy(id)).asked.gpu).toEqual({ id: 'NVIDIA GeForce RTX 4090', count: 1 });
  });
});

describe('a create', () => {
  test('may take longer than other calls', async () => {
    const yard = await openYard('sleep 60', { times: { headersMs: 300, createMs: 10_000 } });
    yard.standIn.faults.next('POST /v2/pods', { act: 'late', ms: 600 });
    await yard.deploy(id);
    expect(yard.standIn.pods().length).toBe(1);
  });

  test('runs the job in an image that has an entrypoint of its own', async () => {
    const greedy = ['bash', '-c', 'echo "unknown arguments: $*"; exit 2', 'entry'];
    const yard = await openYard('', {
      recipes: { default: bashRecipe('echo trained') },
      standIn: { imageEntrypoint: greedy },
    });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).some((line) => line.includes(' end code=0 ')));
    expect(printed(pod).slice(1, -1)).toEqual(['trained']);
  });
});
