import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { apiKey, bash, gpu, image, openAccount, written } from './client.ts';

describe('the gateway', () => {
  it('refuses a caller that does not say who it is, whatever its key', async () => {
    const { standIn } = await openAccount();
    const headers = { authorization: `Bearer ${apiKey}` };
    const call = request(`${standIn.url}/v2/pods`, { headers }).end();
    const [response] = await once(call, 'response');
    expect(response.statusCode).toBe(403);
    expect(response.headers['content-type']).toBe('text/plain; charset=UTF-8');
    expect(await text(response)).toBe('error code: 1010');
  });
});

describe('a create', () => {
  const bodyOf = (bytes: number) => {
    const body = { name: 'a', image, gpu, args: 'true', env: { A: '' } };
    const room = bytes - JSON.stringify(body).length;
    return { ...body, env: { A: 'x'.repeat(room) } };
  };

  it.each([
    ['a body above 102,400 bytes', 102_401, /^request body exceeds/],
    ['a body from which a longer request is made', 102_400, /^deployment request exceeds/],
  ])('is refused for %s', async (_, bytes, detail) => {
    const { call, standIn } = await openAccount();
    const refused = await call('POST /v2/pods', { body: bodyOf(bytes) });
    expect(refused).toMatchObject({ status: 413, body: { detail: expect.stringMatching(detail) } });
    expect(standIn.pods()).toEqual([]);
    expect(await call('POST /v2/pods', { body: bodyOf(101_000) })).toMatchObject({ status: 201 });
  });

  it("hands args to the image's entrypoint, unless the pod has one of its own", async () => {
    const account = await openAccount({ imageEntrypoint: ['echo', 'the image says'] });
    const { standIn } = account;
    const first = await account.create(bash('echo hello'));
    const second = await account.create('', {
      entrypoint: ['echo', 'the pod'],
      cmd: ['says', 'a  b'],
    });
    await standIn.until(() => [first, second].every(({ status }) => status === 'EXITED'));
    expect(written(first.log.read(0))).toEqual(['the image says bash -c echo hello']);
    expect(written(second.log.read(0))).toEqual(['the pod says a  b']);
  });
});

describe('the list', () => {
  it('comes in pages, newest first', async () => {
    const account = await openAccount({ pageSize: 2 });
    const ids = [];
    for (const _ of [1, 2, 3, 4, 5]) ids.push((await account.create('sleep 60')).id);
    const seen: string[] = [];
    let query = '';
    for (const count of [2, 2, 1]) {
      const { body } = await account.call(`GET /v2/pods${query}`);
      const { pods, pagination } = body as {
        pods: { id: string }[];
        pagination: { nextCursor: string | null };
      };
      expect(pods.length).toBe(count);
      seen.push(...pods.map(({ id }) => id));
      query = `?cursor=${pagination.nextCursor}`;
    }
    expect(query).toBe('?cursor=null');
    expect(seen).toEqual(ids.toReversed());
    expect(await account.call('GET /v2/pods?cursor=elsewhere')).toMatchObject({ status: 422 });
  });
});
