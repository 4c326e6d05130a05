import { describe, expect, it } from 'vitest';
import { apiKey, gpu, image, openAccount } from './client.ts';

const sleeps = 'sleep 60';

describe('who may call', () => {
  it.each([
    ['no key', null, 'missing bearer token'],
    ['a wrong key', 'rpa_other', 'invalid bearer token'],
    ['the key in part', apiKey.slice(0, -1), 'invalid bearer token'],
  ])('refuses a call with %s', async (_, key, detail) => {
    const { call } = await openAccount();
    const answer = await call('GET /v2/pods', { key });
    expect(answer.body).toEqual({ title: 'Unauthorized', status: 401, detail });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('ratelimit')).toBeNull();
  });

  it("lets a pod's own key do nothing but what concerns this pod, until it is terminated", async () => {
    const { call, create } = await openAccount();
    const [pod, other] = [await create(sleeps), await create(sleeps)];
    const { key } = pod;
    expect(await call(`GET /v2/pods/${pod.id}`, { key })).toMatchObject({ status: 200 });
    expect(await call(`GET /v2/pods/${other.id}`, { key })).toMatchObject({ status: 403 });
    expect(await call('GET /v2/pods', { key })).toMatchObject({ status: 403 });
    const body = { name: 'another', image, gpu };
    expect(await call('POST /v2/pods', { key, body })).toMatchObject({ status: 403 });
    expect(await call(`DELETE /v2/pods/${pod.id}`, { key })).toMatchObject({ status: 204 });
    expect(await call(`GET /v2/pods/${pod.id}`, { key })).toMatchObject({ status: 401 });
  });
});

describe('creating', () => {
  it('answers with a pod as RunPod describes it', async () => {
    const { call } = await openAccount({ provisionMs: 60_000 });
    const env = { MODEL: 'm', PUBLIC_KEY: 'mine' };
    const mounts = { persistent: { size: 20, path: '/workspace' } };
    const body = {
      name: 'train-1',
      image,
      gpu: { ...gpu, count: 2, minCudaVersion: '12.1' },
      args: 'sleep 60',
      disk: 50,
      ports: ['8888/http', '22/tcp'],
      env,
      registry: null,
      cloud: 'COMMUNITY',
      dataCenterIds: ['EU-RO-1'],
      mounts,
      startSsh: true,
      globalNetworking: false,
    };
    const created = await call('POST /v2/pods', { body });
    expect(created).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^[a-z0-9]{14}$/),
        name: 'train-1',
        status: 'PROVISIONING',
        actions: ['stop', 'terminate'],
        gpu: { ...gpu, count: 2 },
        cloud: 'COMMUNITY',
        dataCenterId: 'EU-RO-1',
        cudaVersion: '12.8',
        ssh: { proxy: null, direct: null },
        template: null,
        cost: 0.68,
        runtime: null,
        startedAt: null,
        env,
        mounts,
      },
    });
    expect(created.body).not.toHaveProperty('cpu');
    expect(created.body).not.toHaveProperty('startSsh');
  });

  it('knows CPU pods', async () => {
    const { call } = await openAccount();
    const body = { name: 'c', image, cpu: { id: 'cpu5c', vcpuCount: 4 }, args: sleeps };
    const created = await call('POST /v2/pods', { body });
    const cpu = { id: 'cpu5c', vcpuCount: 4, memory: 8 };
    expect(created).toMatchObject({ status: 201, body: { cpu, cudaVersion: null } });
    expect(created.body).not.toHaveProperty('gpu');
  });

  const persistent = { size: 10, path: '/workspace' };
  const network = [{ volumeId: 'vol1', path: '/runpod-volume' }];
  it.each<[string, Record<string, unknown>, number, RegExp]>([
    ['an unknown key', { maxHours: 1 }, 422, /additional properties 'maxHours' not allowed/],
    ['an unknown key of gpu', { gpu: { ...gpu, type: 'x' } }, 422, /\$\.gpu: .*'type' not allowed/],
    ['no name', { name: undefined }, 422, /missing property 'name'/],
    ['an empty name', { name: '' }, 422, /\$\.name/],
    ['a blank name', { name: ' ' }, 400, /blank/],
    ['a name without end', { name: 'x'.repeat(192) }, 400, /longer than 191/],
    ['no image', { image: undefined }, 422, /missing property 'image'/],
    ['a template', { templateId: 't', image: undefined }, 404, /template 't' not found/],
    ['neither gpu nor cpu', { gpu: undefined }, 400, /exactly one of gpu or cpu/],
    ['both', { cpu: { id: 'cpu5c', vcpuCount: 2 } }, 400, /exactly one of gpu or cpu/],
    ['no GPU at all', { gpu: { ...gpu, count: 0 } }, 422, /\$\.gpu\.count/],
    ['more GPUs than a machine has', { gpu: { ...gpu, count: 9 } }, 400, /at most 8/],
    ['an unknown GPU', { gpu: { id: 'RTX 4090' } }, 400, /unknown GPU type 'RTX 4090'/],
    ['a list of GPUs', { gpu: [gpu] }, 422, /\$\.gpu/],
    ['an args array', { args: ['bash', '-c'] }, 422, /\$\.args/],
    ['a number in env', { env: { STEPS: 3 } }, 422, /\$\.env\.STEPS/],
    ['a bad name in env', { env: { 'A=B': '' } }, 400, /env/],
    ['a NUL in env', { env: { A: '\0' } }, 400, /NUL/],
    ['half a gigabyte', { disk: 0.5 }, 422, /\$\.disk/],
    ['a bad port', { ports: ['22'] }, 400, /port\/protocol/],
    ['a registry of nobody', { registry: 'r' }, 400, /registry/],
    ['a lower-case cloud', { cloud: 'secure' }, 422, /\$\.cloud/],
    ['an unknown data center', { dataCenterIds: ['MOON-1'] }, 400, /unknown data center/],
    ['an empty path', { mounts: { persistent: { size: 10 } } }, 422, /missing property 'path'/],
    ['a small mount', { mounts: { persistent: { ...persistent, size: 9 } } }, 422, /size/],
    ['both mounts', { mounts: { persistent, network } }, 400, /mutually exclusive/],
    ['two volumes', { mounts: { network: [...network, ...network] } }, 422, /network/],
    ['no volume', { mounts: { network: [] } }, 400, /must not be empty/],
    ['an unknown volume', { mounts: { network } }, 404, /'vol1' not found/],
    ['a relative mount', { mounts: { persistent: { size: 10, path: 'a' } } }, 400, /absolute/],
    ['a mount that climbs', { mounts: { persistent: { size: 10, path: '/../a' } } }, 400, /abs/],
    [
      'a persistent mount on a CPU pod',
      { gpu: undefined, cpu: { id: 'cpu5c', vcpuCount: 2 }, mounts: { persistent } },
      400,
      /CPU pod/,
    ],
    ['one core', { gpu: undefined, cpu: { id: 'cpu5c', vcpuCount: 1 } }, 422, /vcpuCount/],
    ['three cores', { gpu: undefined, cpu: { id: 'cpu5c', vcpuCount: 3 } }, 400, /power of two/],
    [
      'both CUDA fields',
      { gpu: { ...gpu, minCudaVersion: '12.1', allowedCudaVersions: ['12.8'] } },
      400,
      /mutually exclusive/,
    ],
    ['a CUDA version that is none', { gpu: { ...gpu, minCudaVersion: '12' } }, 422, /minCuda/],
    [
      'a CUDA version of no host',
      { gpu: { ...gpu, allowedCudaVersions: ['9.0'] } },
      400,
      /no long/,
    ],
  ])('refuses %s', async (_, change, status, reason) => {
    const { call, standIn } = await openAccount();
    const body = { name: 'a', image, gpu, ...change };
    const answer = await call('POST /v2/pods', { body });
    expect(answer).toMatchObject({ status, body: { status, detail: expect.any(String) } });
    expect(JSON.stringify(answer.body)).toMatch(reason);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(standIn.pods()).toEqual([]);
  });

  it('lists every violation of a body at once', async () => {
    const { call } = await openAccount();
    const { body } = await call('POST /v2/pods', { body: { image: 1, gpu, bogus: 1 } });
    expect(body).toEqual({
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'Request validation failed.',
      errors: [
        "$: missing property 'name'",
        expect.stringMatching(/^\$\.image: /),
        "$: additional properties 'bogus' not allowed",
      ],
    });
  });

  it('refuses a body that is no JSON, or does not say that it is', async () => {
    const { standIn } = await openAccount();
    const post = async (body: string, type: string) => {
      const headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': type };
      return (await fetch(`${standIn.url}/v2/pods`, { method: 'POST', headers, body })).status;
    };
    expect(await post('{', 'application/json')).toBe(400);
    expect(await post('{}', 'text/plain')).toBe(400);
    expect(await post('x'.repeat(2 ** 20 + 1), 'application/json')).toBe(413);
  });

  it('places a pod in the first data center asked for that has room, and says where there is none', async () => {
    const { call, standIn } = await openAccount({ provisionMs: 60_000 });
    const create = (dataCenterIds: string[]) =>
      call('POST /v2/pods', { body: { name: 'a', image, gpu, dataCenterIds } });
    standIn.market.soldOut.add(`${gpu.id}@EU-SE-1`).add('US-TX-3');
    standIn.market.forbidden.add('EU-RO-1');
    const placed = await create(['EU-SE-1', 'US-TX-3', 'EU-RO-1', 'CA-MTL-1']);
    expect(placed).toMatchObject({ status: 201, body: { dataCenterId: 'CA-MTL-1' } });
    const detail = expect.stringMatching(/no longer any instances available/);
    expect(await create(['EU-SE-1'])).toMatchObject({ status: 400, body: { detail } });
    expect(await create(['EU-RO-1'])).toMatchObject({ status: 403 });
    standIn.market.balance = 0;
    expect(await create(['CA-MTL-1'])).toMatchObject({ status: 402 });
    expect(standIn.pods()).toHaveLength(1);
  });

  it('places a pod where its network volume is, and nowhere else', async () => {
    const networkVolumes = new Map([['vol1', 'EU-SE-1']]);
    const { call } = await openAccount({ provisionMs: 60_000, market: { networkVolumes } });
    const create = (dataCenterIds: string[]) =>
      call('POST /v2/pods', {
        body: { name: 'a', image, gpu, mounts: { network }, dataCenterIds },
      });
    expect(await create([])).toMatchObject({ status: 201, body: { dataCenterId: 'EU-SE-1' } });
    expect(await create(['US-TX-3'])).toMatchObject({ status: 400 });
  });
});

describe('actions', () => {
  const all = ['start', 'stop', 'restart', 'terminate'];
  it.each([
    ['PROVISIONING', { provisionMs: 60_000 }, sleeps, ['stop', 'terminate']],
    ['STARTING', { startMs: 60_000 }, sleeps, ['stop', 'terminate']],
    ['RUNNING', {}, sleeps, ['stop', 'restart', 'terminate']],
    ['EXITED', {}, 'true', ['start', 'terminate']],
    ['ERROR', {}, 'no-such-program', ['start', 'terminate']],
  ])(
    'allows a pod that is %s what RunPod allows, and nothing else',
    async (status, options, args, allowed) => {
      const { call, create, standIn } = await openAccount(options);
      for (const action of all) {
        const pod = await create(args);
        await standIn.until(() => pod.status === status);
        expect(pod.actions).toEqual(allowed);
        const answer = await call(`POST /v2/pods/${pod.id}/action`, { body: { action } });
        const done = action === 'terminate' ? 204 : 200;
        expect(answer.status).toBe(allowed.includes(action) ? done : 409);
        pod.terminate();
      }
    },
  );

  it('lets nobody stop or restart a locked pod', async () => {
    const { call, create, standIn } = await openAccount();
    const pod = await create(sleeps);
    await standIn.until(() => pod.status === 'RUNNING');
    pod.locked = true;
    expect(await call(`GET /v2/pods/${pod.id}`)).toMatchObject({
      body: { locked: true, actions: ['terminate'] },
    });
    const stop = await call(`POST /v2/pods/${pod.id}/action`, { body: { action: 'stop' } });
    expect(stop.status).toBe(409);
  });

  it('knows nothing of a terminated pod', async () => {
    const { call, create, standIn } = await openAccount();
    const pod = await create(sleeps);
    expect(await call(`DELETE /v2/pods/${pod.id}`)).toMatchObject({ status: 204, body: null });
    expect(await call('GET /v2/pods')).toMatchObject({ status: 200, body: { pods: [] } });
    for (const path of [`GET /v2/pods/${pod.id}`, `DELETE /v2/pods/${pod.id}`]) {
      const detail = 'pod not found';
      const answer = await call(path);
      expect(answer.body).toEqual({ title: 'Not Found', status: 404, detail });
    }
    expect(standIn.pods()).toEqual([pod]);
    expect(pod.status).toBe('TERMINATED');
  });

  it.each([
    [{ action: 'reset' }, 422],
    [{ action: 'stop', force: true }, 422],
    [{}, 422],
  ])('refuses the action %j', async (body, status) => {
    const { call, create } = await openAccount();
    const pod = await create(sleeps);
    const answer = await call(`POST /v2/pods/${pod.id}/action`, { body });
    expect(answer.status).toBe(status);
  });
});

describe('calls', () => {
  it.each([
    ['GET /v1/pods', 404],
    ['GET /v2/pods/', 404],
    ['DELETE /v2/pods', 405],
    ['GET /v2/pods?limit=3', 200],
    ['GET /v2/pods?limit=0', 422],
    ['GET /v2/pods?page=3', 422],
    ['GET /v2/pods?includeClusterPods=1', 422],
    ['GET /v2/pods?includeClusterPods=false', 200],
    ['GET /v2/pods/unknown', 404],
  ])('answers %s with %i', async (path, status) => {
    const { call } = await openAccount();
    expect(await call(path)).toMatchObject({ status });
  });

  it('tells how many calls are left, and refuses the rest until the window is over', async () => {
    const { call } = await openAccount({ rateLimit: { perMinute: 2 } });
    const first = await call('GET /v2/pods');
    expect(first.headers.get('ratelimit')).toBe(
      '"minute";r=1;t=60, "hour";r=99;t=3600, "day";r=1665;t=86400',
    );
    expect(first.headers.get('ratelimit-policy')).toBe(
      '"minute";q=2;w=60, "hour";q=100;w=3600, "day";q=1666;w=86400',
    );
    await call('GET /v2/pods/unknown');
    const refused = await call('GET /v2/pods');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"minute";r=0;/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await call('GET /v2/pods', { key: null })).status).toBe(401);
  });

  it('keeps a record of calls, without the keys', async () => {
    const { call, standIn } = await openAccount();
    await call('GET /v2/pods', { key: null });
    await call('POST /v2/pods', { body: { name: '' } });
    await standIn.until(() => standIn.requests.at(-1)?.status === 422);
    expect(standIn.requests).toMatchObject([
      { method: 'GET', path: '/v2/pods', status: 401, authorized: false },
      { method: 'POST', path: '/v2/pods', status: 422, authorized: true, body: { name: '' } },
    ]);
    expect(JSON.stringify(standIn.requests)).not.toContain(apiKey);
  });
});
