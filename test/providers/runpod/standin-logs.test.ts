import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../support/runpod/pod.ts';
import { parseTimestamp } from '../../support/runpod/timestamp.ts';
import {
  type Account,
  apiKey,
  bash,
  gpu,
  image,
  openAccount,
  readLog,
  type StreamedLine,
  written,
} from './client.ts';

/** A pod that has written these numbers, one a line, and has ended. */
async function counted(account: Account, upTo: number): Promise<Pod> {
  const pod = await account.create(`seq 1 ${upTo}`);
  await account.standIn.until(() => pod.status === 'EXITED');
  return pod;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

function at<T>(values: readonly T[], index: number): T {
  const value = values.at(index);
  if (value === undefined) throw new Error(`there is no value at ${index}`);
  return value;
}

describe('a log', () => {
  it('holds what the container wrote and what the host did, each with an id and a time', async () => {
    const account = await openAccount();
    const pod = await account.create(bash('echo "ünïcödé"; echo oops >&2; printf "a\\rb\\033[1m"'));
    await account.standIn.until(() => pod.status === 'EXITED');
    const log = await account.openLog(pod);
    expect(Object.fromEntries(log.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      connection: 'keep-alive',
      'x-accel-buffering': 'no',
      ratelimit: expect.stringMatching(/^"minute";r=\d+/),
    });
    pod.terminate();
    const { lines, broken } = await readLog(log);
    expect(broken).toBe(false);
    expect(written(lines).toSorted()).toEqual(['a\rb\u001b[1m', 'oops', 'ünïcödé']);
    expect(lines.filter(({ source }) => source === 'system').map(({ line }) => line)).toEqual([
      'create pod network',
      `create container ${image}`,
      `Pulling from ${image}`,
      `start container for ${image}: begin`,
      `stop container ${pod.id}`,
    ]);
    lines.forEach(({ id, ts }, index) => {
      expect(id).toBe(`${ts}/${String(index + 1).padStart(12, '0')}`);
    });
    const times = lines.map(({ ts }) => parseTimestamp(ts));
    expect(times).not.toContain(null);
    expect(times).toEqual(times.toSorted());
  });

  it('is sent as it grows, and ends when the pod is terminated', async () => {
    const account = await openAccount();
    const pod = await account.create(
      bash('until [ -e go ]; do sleep 0.02; done; echo went; sleep 60'),
    );
    await account.standIn.until(() => pod.status === 'RUNNING');
    const live = await account.openLog(pod, '?tail=0&source=container');
    const all = readLog(await account.openLog(pod));
    await writeFile(path.join(pod.directory, 'go'), '');
    await account.standIn.until(() => written(pod.log.read(0)).length === 1);
    await account.call(`DELETE /v2/pods/${pod.id}`);
    expect(await readLog(live)).toMatchObject({ broken: false, lines: [{ line: 'went' }] });
    expect(await all).toMatchObject({ broken: false, lines: { length: pod.log.end } });
  });

  it.each([
    ['', 100],
    ['?tail=7', 7],
    ['?tail=5000', 200],
    ['?tail=0', 0],
  ])('begins with the last lines: %s', async (query, count) => {
    const account = await openAccount();
    const pod = await counted(account, 200);
    const filter = `${query}${query === '' ? '?' : '&'}source=container`;
    const log = await account.openLog(pod, filter);
    pod.terminate();
    const { lines } = await readLog(log);
    expect(written(lines)).toEqual(numbers(201 - count, 200));
  });

  it('goes on after the event that the reader had last, whatever else the reader asks for', async () => {
    const account = await openAccount();
    const pod = await counted(account, 9);
    const { lines } = await readLog(await account.openLog(pod), 8);
    const last = at(lines, -1);
    const since = new Date(0).toISOString();
    const headers = { 'Last-Event-ID': last.id };
    const rest = await account.openLog(pod, `?tail=1&since=${since}`, headers);
    pod.terminate();
    expect(written([...lines, ...(await readLog(rest)).lines])).toEqual(numbers(1, 9));
  });

  it('goes on at a time, with every line of that moment, and then counts no tail', async () => {
    const account = await openAccount();
    const pod = await counted(account, 150);
    const events = pod.log.read(0);
    const third = at(events, 6);
    const log = await account.openLog(pod, `?tail=1&since=${third.ts}`);
    pod.terminate();
    const { lines } = await readLog(log);
    const first = events.findIndex(({ ts }) => ts === third.ts);
    expect(lines.map(({ id }) => id)).toEqual(events.slice(first).map(({ id }) => id));
  });

  it.each([
    ['?tail=-1', {}],
    ['?tail=5001', {}],
    ['?tail=all', {}],
    ['?tail=', {}],
    ['?tail=1&tail=2', {}],
    ['?source=stdout', {}],
    ['?since=yesterday', {}],
    ['?since=2026-06-01', {}],
    ['?since=2026-06-31T12:00:00', {}],
    ['?follow=true', {}],
    ['', { 'Last-Event-ID': '2026-06-01T12:02:03Z' }],
    ['', { 'Last-Event-ID': '2026-06-01T12:02:03Z/000000000001' }],
    ['', { 'Last-Event-ID': '2026-06-01T12:02:03Z/000000000999' }],
  ])('is refused for %s %j', async (query, headers) => {
    const account = await openAccount();
    const pod = await counted(account, 1);
    const log = await account.openLog(pod, query, headers);
    expect(log.status).toBe(422);
    expect(await log.json()).toMatchObject({ status: 422, errors: [expect.any(String)] });
  });

  it('is not there for a pod that is not there, or no more', async () => {
    const account = await openAccount();
    const pod = await counted(account, 1);
    pod.terminate();
    expect((await account.openLog(pod)).status).toBe(404);
    expect((await account.call('GET /v2/pods/unknown/logs')).status).toBe(404);
  });

  it('forgets its oldest lines, and goes on with the oldest that is left', async () => {
    const account = await openAccount({ maxLogLines: 100 });
    const pod = await counted(account, 1000);
    expect(pod.log.end - pod.log.first).toBeLessThanOrEqual(110);
    const log = await account.openLog(pod, '?tail=5000');
    const { lines } = await readLog(log, pod.log.end - pod.log.first);
    expect(written(lines).at(-1)).toBe('1000');

    const headers = { 'Last-Event-ID': at(lines, 0).id };
    pod.log.forget();
    const later = await account.openLog(pod, '', headers);
    pod.log.append('container', ['the next']);
    expect((await readLog(later, 1)).lines).toMatchObject([{ line: 'the next' }]);
  });

  it('reaches a slow reader whole', async () => {
    const account = await openAccount();
    const pod = await counted(account, 20_000);
    const log = await account.openLog(pod, `?since=${at(pod.log.read(0), 0).ts}`);
    pod.terminate();
    expect(written((await readLog(log)).lines)).toEqual(numbers(1, 20_000));
  });
});

describe('a fault of a log', () => {
  const open = async (upTo = 6): Promise<{ account: Account; pod: Pod; all: StreamedLine[] }> => {
    const account = await openAccount();
    const pod = await counted(account, upTo);
    const all = pod.log.read(0).map(({ id, ts, source, line }) => ({ id, ts, source, line }));
    return { account, pod, all };
  };

  it.each([
    ['cut', true],
    ['end-in-event', false],
    ['end', false],
  ] as const)(
    '%s: stops after so many whole events, and a resumed stream has the rest',
    async (stop, broken) => {
      const { account, pod, all } = await open();
      account.standIn.faults.nextStream({ stop, after: 5 });
      const first = await readLog(await account.openLog(pod));
      expect(first).toEqual({ lines: all.slice(0, 5), broken });
      const headers = { 'Last-Event-ID': at(first.lines, -1).id };
      const second = await readLog(await account.openLog(pod, '', headers), all.length - 5);
      expect([...first.lines, ...second.lines]).toEqual(all);
    },
  );

  it('half an event is really sent', async () => {
    const { account, pod, all } = await open();
    account.standIn.faults.nextStream({ stop: 'end-in-event', after: 0 });
    const text = await (await account.openLog(pod)).text();
    const { id, ...data } = at(all, 0);
    expect(text).toBe(`id: ${id}\ndata: ${JSON.stringify(data)}\n`);
  });

  it('silence: sends nothing any more, and stays open', async () => {
    const { account, pod } = await open();
    account.standIn.faults.nextStream({ stop: 'silence', after: 2 });
    const log = await account.openLog(pod);
    const reading = readLog(log);
    pod.terminate();
    await account.standIn.until(() => pod.log.closed);
    await account.standIn.close();
    expect(await reading).toMatchObject({ broken: true, lines: { length: 2 } });
  });

  it('doubled, lost, rewind: events come twice, not at all, and once more', async () => {
    const { account, pod, all } = await open();
    const { faults } = account.standIn;
    faults.nextStream({ doubled: [1], lost: [2], stop: 'end', after: 4 });
    const { lines } = await readLog(await account.openLog(pod));
    expect(lines).toEqual([all[0], all[1], all[1], all[3]]);
    faults.nextStream({ rewind: 2, stop: 'end', after: 3 });
    const headers = { 'Last-Event-ID': at(lines, -1).id };
    expect((await readLog(await account.openLog(pod, '', headers))).lines).toEqual(all.slice(2, 5));
  });

  it('refuseLastEventId: waits for a call with an id', async () => {
    const { account, pod, all } = await open();
    account.standIn.faults.nextStream({ refuseLastEventId: 400 });
    expect((await account.openLog(pod)).status).toBe(200);
    const headers = { 'Last-Event-ID': at(all, 0).id };
    expect((await account.openLog(pod, '', headers)).status).toBe(400);
    expect((await account.openLog(pod, '', headers)).status).toBe(200);
  });

  it.each([401, 403, 404, 429, 503])('%i: refuses the log alone', async (status) => {
    const { account, pod } = await open();
    account.standIn.faults.next('GET /v2/pods/{id}/logs', { status, retryAfter: 3 });
    expect(await account.call(`GET /v2/pods/${pod.id}`)).toMatchObject({ status: 200 });
    const refused = await account.openLog(pod);
    expect(refused.status).toBe(status);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect((await account.openLog(pod)).status).toBe(200);
  });
});

describe('a fault of a call', () => {
  const body = { name: 'a', image, gpu, args: 'true' };
  const send = async ({ standIn }: Account) => {
    const headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' };
    return fetch(`${standIn.url}/v2/pods`, { method: 'POST', headers, body: JSON.stringify(body) });
  };

  it('refuses as often as it should, and does nothing then', async () => {
    const account = await openAccount();
    const { faults, pods } = account.standIn;
    faults.next('POST /v2/pods', { status: 429, retryAfter: 2, times: 2 });
    expect(await account.call('GET /v2/pods')).toMatchObject({ status: 200 });
    const refused = await account.call('POST /v2/pods', { body });
    expect(refused).toMatchObject({ status: 429, body: { title: 'Too Many Requests' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect((await account.call('POST /v2/pods', { body })).status).toBe(429);
    expect(pods()).toHaveLength(0);
    expect((await account.call('POST /v2/pods', { body })).status).toBe(201);
  });

  it('can be taken back', async () => {
    const account = await openAccount();
    const { faults } = account.standIn;
    const takeBack = faults.next('GET /v2/pods', { status: 500, times: 10 });
    expect((await account.call('GET /v2/pods')).status).toBe(500);
    takeBack();
    expect((await account.call('GET /v2/pods')).status).toBe(200);
    faults.next('GET /v2/pods', { status: 500 });
    faults.clear();
    expect((await account.call('GET /v2/pods')).status).toBe(200);
  });

  it('lose-answer: the pod is there, its creator knows nothing of it', async () => {
    const account = await openAccount();
    account.standIn.faults.next('POST /v2/pods', { act: 'lose-answer' });
    await expect(send(account)).rejects.toThrow();
    const pods = [{ name: 'a' }];
    expect(await account.call('GET /v2/pods')).toMatchObject({ body: { pods } });
    expect(account.standIn.requests[0]).toMatchObject({ status: null, authorized: true });
  });

  it('hang: nothing is done and nothing answered', async () => {
    const account = await openAccount();
    const { standIn } = account;
    standIn.faults.next('POST /v2/pods', { act: 'hang' });
    const sending = send(account).catch((error: Error) => error);
    await standIn.until(() => standIn.requests.at(0)?.body != null);
    await standIn.close();
    expect(await sending).toBeInstanceOf(Error);
    expect(standIn.pods()).toHaveLength(0);
  });

  it('garbage, cut, endless: the answer is no JSON, half of it, or without an end', async () => {
    const account = await openAccount();
    const { faults } = account.standIn;
    faults.next('POST /v2/pods', { act: 'garbage' });
    const garbage = await send(account);
    expect(garbage.status).toBe(200);
    await expect(garbage.json()).rejects.toThrow(SyntaxError);
    faults.next('POST /v2/pods', { act: 'cut' });
    const cut = await send(account);
    expect(cut.status).toBe(201);
    await expect(cut.text()).rejects.toThrow();
    faults.next('POST /v2/pods', { act: 'endless' });
    const endless = await send(account);
    let bytes = 0;
    for await (const part of endless.body ?? []) {
      bytes += part.length;
      if (bytes > 2 ** 24) break;
    }
    expect(account.standIn.pods()).toHaveLength(3);
  });
});
