import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { jobOf } from '../follow.ts';
import { bashRecipe, openYard } from './yard.ts';

const id = '0123456789abcdef';
const rtx = 'NVIDIA GeForce RTX 4090';
const a40 = 'NVIDIA A40';

describe('a deploy', () => {
  test("asks for the pod that recipe and caller describe, under the job's id", async () => {
    const recipe = {
      ...bashRecipe('true'),
      gpuType: [a40, rtx],
      gpuCount: 2,
      diskGb: 30,
      cloud: 'COMMUNITY' as const,
    };
    const { deploy } = await openYard('', { recipes: { default: recipe } });
    const env = [
      { name: 'TOKEN', value: 'its own' },
      { name: 'PATH_2', value: '$HOME' },
    ];
    const options = { image: 'another/image:2', dataCenterIds: ['US-TX-3'], volumeGb: 20, env };
    const { asked } = await deploy(id, { options });
    expect(asked).toMatchObject({
      name: `trainyard-${id}`,
      image: 'another/image:2',
      gpu: { id: a40, count: 2 },
      cloud: 'COMMUNITY',
      disk: 30,
      dataCenterIds: ['US-TX-3'],
      mounts: { persistent: { size: 20, path: '/workspace' } },
      env: { TOKEN: 'its own', PATH_2: '$HOME', TRAINYARD_JOB: id },
    });
    expect(JSON.stringify(asked)).not.toContain('rpa_the_account');
  });

  test.each([
    ['a volume of the least size', {}, { persistent: { size: 10, path: '/workspace' } }],
    ['no volume', { volumeGb: 0 }, undefined],
    [
      'a network volume',
      { networkVolumeId: 'vol_1' },
      { network: [{ volumeId: 'vol_1', path: '/workspace' }] },
    ],
  ])('can have %s', async (_, options, mounts) => {
    const market = { networkVolumes: new Map([['vol_1', 'US-KS-2']]) };
    const { deploy } = await openYard('true', { standIn: { market } });
    expect((await deploy(id, { options })).asked.mounts).toEqual(mounts);
  });

  test('goes on to the next GPU and data center where there is no room or no access', async () => {
    const recipe = {
      ...bashRecipe('true'),
      gpuType: [a40, rtx],
      dataCenterIds: ['US-TX-3', 'EU-SE-1'],
    };
    const market = { soldOut: new Set([a40]), forbidden: new Set(['US-TX-3']) };
    const { deploy, standIn } = await openYard('', {
      recipes: { default: recipe },
      standIn: { market },
    });
    const { asked } = await deploy(id);
    expect(asked).toMatchObject({ gpu: { id: rtx }, dataCenterIds: ['EU-SE-1'] });
    const creates = standIn.requests.filter(({ method }) => method === 'POST');
    expect(creates.map(({ status }) => status)).toEqual([403, 400, 403, 201]);
  });

  test('says what it has tried where there is no room anywhere', async () => {
    const recipe = { ...bashRecipe('true'), gpuType: [a40, rtx], dataCenterIds: ['US-TX-3'] };
    const market = { soldOut: new Set([a40, rtx]) };
    const { deploy, standIn } = await openYard('', {
      recipes: { default: recipe },
      standIn: { market },
    });
    await expect(deploy(id)).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
      message: expect.stringMatching(
        /Tried NVIDIA A40 in US-TX-3: "There are no longer any instances.*" \(400\), NVIDIA GeForce RTX 4090 in US-TX-3/,
      ),
    });
    expect(standIn.pods()).toEqual([]);
  });

  test.each([
    [
      'a body that RunPod does not take',
      { status: 422, detail: 'Request validation failed.', errors: ["$.gpu: 'x' not allowed"] },
      "Request validation failed.; $.gpu: 'x' not allowed",
    ],
    [
      'an account without money',
      { status: 402, detail: 'insufficient balance' },
      'insufficient balance',
    ],
    [
      'a volume that is not there',
      { status: 404, detail: 'network volume not found' },
      'network volume not found',
    ],
  ])("fails for %s, with RunPod's words", async (_, fault, words) => {
    const { deploy, standIn } = await openYard('true');
    standIn.faults.next('POST /v2/pods', fault);
    await expect(deploy(id)).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
      message: expect.stringContaining(words),
    });
  });

  test("hides the caller's values where RunPod repeats them", async () => {
    const { deploy, standIn } = await openYard('true');
    const detail = 'env.TOKEN: "hf_a_secret" is too long';
    standIn.faults.next('POST /v2/pods', { status: 422, detail });
    const options = { env: [{ name: 'TOKEN', value: 'hf_a_secret' }] };
    await expect(deploy(id, { options })).rejects.toMatchObject({
      message: expect.stringContaining('env.TOKEN: "[value]" is too long'),
    });
  });

  const key = '-----BEGIN KEY-----\nMIIE-a-secret-line\n\n-----END KEY-----\n';
  const account = '{"type":"service","key":"a\\\\b-secret"}';
  test.each([
    ['of several lines', key, `'${key}' is not allowed`],
    ['of several lines, of which RunPod repeats one', key, "at 'MIIE-a-secret-line'"],
    ['that RunPod cuts nothing of, but its words are long', `hf_${'secret'.repeat(8)}`, null],
    ['that holds another one', 'hf_a_secret_and_more', '"hf_a_secret_and_more"'],
    ['that RunPod writes as JSON', account, JSON.stringify({ A: account })],
    ['that RunPod writes as JSON in JSON', key, JSON.stringify(JSON.stringify({ A: key }))],
  ])('hides a value %s', async (_, value, said) => {
    const { deploy, standIn } = await openYard('true');
    const detail = `no: ${said ?? `${'x'.repeat(470)}${value}`}`;
    standIn.faults.next('POST /v2/pods', { status: 422, detail, errors: [detail] });
    const env = [
      { name: 'A', value: 'hf_a_secret' },
      { name: 'B', value },
    ];
    const refused = await deploy(id, { options: { env } }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'PROVIDER_REJECTED' });
    expect(inspect(refused, { depth: 9 })).toContain('[value]');
    expect(inspect(refused, { depth: 9 })).not.toMatch(/secret|and_more/);
  });

  test('waits as long as a 429 asks, and so does everybody else', async () => {
    const { deploy, provider, signal, standIn } = await openYard('true');
    standIn.faults.next('POST /v2/pods', { status: 429, retryAfter: 30 });
    const limited = { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) };
    await expect(deploy(id)).rejects.toMatchObject({ ...limited, retryAfterMs: 30_000 });
    const asked = standIn.requests.length;
    await expect(deploy(id)).rejects.toMatchObject(limited);
    await expect(provider.health(signal)).resolves.toMatchObject({ status: 'DEGRADED' });
    const ref = { jobId: id, externalId: 'pod' };
    await expect(
      provider.followLogs(ref, null, signal)[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject(limited);
    expect(standIn.requests.length).toBe(asked);
  });

  test('goes on at the candidate where a failing RunPod broke it off', async () => {
    const recipe = { ...bashRecipe('true'), gpuType: [a40, rtx] };
    const market = { soldOut: new Set([a40]) };
    const { deploy, standIn } = await openYard('', {
      recipes: { default: recipe },
      standIn: { market },
    });
    standIn.faults.next('GET /v2/pods', { status: 503 });
    await expect(deploy(id)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    standIn.faults.next('POST /v2/pods', { status: 400, detail: 'no room' });
    standIn.faults.next('POST /v2/pods', { status: 502 });
    await expect(deploy(id)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      retryAfterMs: 20,
    });
    await deploy(id);
    const creates = standIn.requests.filter(({ method }) => method === 'POST');
    expect(creates.map(({ status }) => status)).toEqual([400, 502, 201]);
    expect(creates[2]?.body).toMatchObject({ gpu: { id: rtx } });
  });

  test.each(['lose-answer', 'cut', 'garbage', 'endless'] as const)(
    'finds the pod again whose answer was spoilt (%s), and buys no second one',
    async (act) => {
      const { deploy, provider, signal, standIn } = await openYard('sleep 60');
      standIn.faults.next('POST /v2/pods', { act });
      await expect(deploy(id)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
      const [pod] = standIn.pods();
      expect(await provider.find(jobOf(id), signal)).toBe(pod?.id);
      expect((await deploy(id)).id).toBe(pod?.id);
      expect(standIn.pods().length).toBe(1);
    },
  );

  test('takes a RunPod that does not answer for one that failed', async () => {
    const { deploy, standIn } = await openYard('true', { times: { createMs: 200 } });
    standIn.faults.next('POST /v2/pods', { act: 'hang' });
    await expect(deploy(id)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('no answer within 0.2 s'),
    });
  });
});

describe('a job that no pod can be made for', () => {
  test.each([
    ['the recipe has no image', { image: undefined }, {}, /has no image/],
    ['the recipe has no GPU', { gpuType: undefined }, {}, /has no gpuType/],
    ['a value is missing', { command: ['a', '{config.rate}'] }, {}, /config\.rate/],
    ['a volume is too small', {}, { volumeGb: 5 }, /volumeGb: must be 0, for none, or at least 10/],
    ['two volumes', {}, { volumeGb: 10, networkVolumeId: 'vol' }, /not both/],
    [
      "a name is Trainyard's",
      {},
      { env: [{ name: 'TRAINYARD_JOB', value: 'x' }] },
      /is set by Trainyard/,
    ],
    ['a budget is nothing', {}, { budgetUsd: 0 }, /budgetUsd/],
  ])('is refused before it is saved: %s', async (_, recipe, options, message) => {
    const recipes = { default: { ...bashRecipe('true'), ...recipe } };
    const { provider } = await openYard('', { recipes });
    await expect(provider.check(jobOf(id, { options }))).rejects.toThrow(message);
  });

  test('does not repeat the values of its environment', async () => {
    const { provider } = await openYard('true');
    const options = { env: [{ name: 'A B', value: 'a secret' }] };
    await expect(provider.check(jobOf(id, { options }))).rejects.toThrow(
      /^(?!.*secret).*env\.0\.name/,
    );
  });
});
