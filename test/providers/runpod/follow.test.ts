import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { LogBatch } from '../../../src/core/provider.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import { Follower, numbered } from '../follow.ts';
import { openYard, printed, type Yard } from './yard.ts';

const id = 'job-a';
const hundred = 'for n in {0..99}; do echo "line $n"; done';

/** Waits for a file in the pod's workspace. */
function waitFor(file: string): string {
  return `until [ -e "$HOME/workspace/${file}" ]; do sleep 0.02; done`;
}

/** Follows a pod's log as a collector does, but only the container's lines. */
function follow({ provider, signal }: Yard, pod: Pod, cursor: string | null = null): Follower {
  const ref = { jobId: id, externalId: pod.id };
  return new Follower(withoutSystem(provider.followLogs(ref, cursor, signal)));
}

async function* withoutSystem(batches: AsyncIterable<LogBatch>): AsyncGenerator<LogBatch> {
  for await (const batch of batches) {
    const sources = batch.runs.flatMap(({ count, source }) => Array(count).fill(source));
    const texts = batch.lines.filter((_, index) => sources[index] !== 'SYSTEM');
    const [run] = batch.runs.filter(({ source }) => source !== 'SYSTEM');
    yield { ...batch, lines: texts, runs: run ? [{ ...run, count: texts.length }] : [] };
  }
}

describe('a pod that is followed', () => {
  test('gives its lines with times and sources, the markers left out', async () => {
    const yard = await openYard('echo one; echo two >&2');
    const pod = await yard.deploy(id);
    const ref = { jobId: id, externalId: pod.id };
    const batches = await Array.fromAsync(yard.provider.followLogs(ref, null, yard.signal));
    const lines = batches.flatMap(({ lines, runs }) => {
      const each = runs.flatMap(({ count, ...run }) => Array<typeof run>(count).fill(run));
      return lines.map((text, index) => ({ text, ...each[index] }));
    });
    const own = lines.filter(({ source }) => source === null);
    const host = lines.filter(({ source }) => source === 'SYSTEM');
    expect(own.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(host.map(({ text }) => text)).toContain('create container an/image:1');
    const event = pod.log.read(0).find(({ line }) => line === 'one');
    expect(own[0]?.time).toBe(Date.parse(event?.ts ?? ''));
    expect(batches.at(-1)?.ended).toMatchObject({ state: { status: 'COMPLETED' } });
  });

  test('ends with the exit code that its wrapper says, though the pod goes on', async () => {
    const yard = await openYard('echo one; exit 3');
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await follower.done;
    expect(follower.lines).toEqual(['one']);
    expect(follower.ended).toMatchObject({ state: { status: 'FAILED', failure: { exitCode: 3 } } });
    expect(pod.status).toBe('RUNNING');
  });

  test('ends at once where the cursor knows the end', async () => {
    const yard = await openYard('echo one');
    const pod = await yard.deploy(id);
    const first = follow(yard, pod);
    await first.done;
    await yard.provider.release({ jobId: id, externalId: pod.id }, yard.signal);
    const again = follow(yard, pod, first.cursors.get(1) ?? null);
    await again.done;
    expect(again.ended).toMatchObject({ state: { status: 'COMPLETED' } });
  });

  test('has every line of a log that is longer than what RunPod gives at first', async () => {
    const yard = await openYard('for n in {0..11999}; do echo "line $n"; done');
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).length === 12_002);
    const follower = follow(yard, pod);
    await follower.done;
    expect(follower.lines).toEqual(numbered('line', 12_000));
    expect(follower.gaps).toEqual([]);
  });
});

describe('a stream that goes wrong', () => {
  test.each([
    ['cut in the middle of an event', { stop: 'cut', after: 50 }],
    ['ended within an event', { stop: 'end-in-event', after: 50 }],
    ['ended while the pod lives', { stop: 'end', after: 50 }],
    ['cut before its first event', { stop: 'cut', after: 0 }],
    ['silent', { stop: 'silence', after: 50 }],
  ] as const)('is read on when it is %s', async (_, fault) => {
    const yard = await openYard(hundred, { times: { silenceMs: 1000 } });
    yard.standIn.faults.nextStream(fault);
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await follower.done;
    expect(follower.lines).toEqual(numbered('line', 100));
    expect(follower.gaps).toEqual([]);
    expect(follower.ended).toMatchObject({ state: { status: 'COMPLETED' } });
  });

  test('gives each line once though events come twice and streams begin too early', async () => {
    const yard = await openYard(hundred);
    const doubled = Array.from({ length: 40 }, (_, index) => index * 2);
    yard.standIn.faults.nextStream({ doubled, stop: 'cut', after: 60 });
    yard.standIn.faults.nextStream({ rewind: 30, doubled, stop: 'end', after: 50 });
    yard.standIn.faults.nextStream({ rewind: 1000 });
    const follower = follow(yard, await yard.deploy(id));
    await follower.done;
    expect(follower.lines).toEqual(numbered('line', 100));
    expect(follower.gaps).toEqual([]);
  });

  test('is asked for by time where its last id is refused', async () => {
    const yard = await openYard(hundred);
    yard.standIn.faults.nextStream({ stop: 'cut', after: 50 });
    yard.standIn.faults.nextStream({ refuseLastEventId: 422 });
    const follower = follow(yard, await yard.deploy(id));
    await follower.done;
    expect(follower.lines).toEqual(numbered('line', 100));
    expect(follower.gaps).toEqual([]);
    const opened = yard.standIn.requests.filter(({ path }) => path.includes('/logs'));
    expect(opened.length).toBe(3);
    expect(opened[1]).toMatchObject({ lastEventId: expect.any(String), status: 422 });
    expect(opened[2]).toMatchObject({ lastEventId: null });
    expect(opened[2]?.path).toMatch(/since=/);
  });

  test('counts the lines that RunPod has left out', async () => {
    const yard = await openYard(hundred);
    yard.standIn.faults.nextStream({ lost: [20, 21, 22] });
    const follower = follow(yard, await yard.deploy(id));
    await follower.done;
    expect(follower.lines.length).toBe(97);
    expect(follower.gaps).toEqual([
      { offset: 97, reason: expect.stringContaining('left out 3 of the 100 lines') },
    ]);
  });

  test('reports the hole where RunPod has forgotten what was not read yet', async () => {
    const yard = await openYard(`${hundred}; ${waitFor('go')}; echo last`);
    yard.standIn.faults.nextStream({ stop: 'cut', after: 50 });
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).length === 101);
    const first = follow(yard, pod);
    await first.reach(40);
    yard.standIn.faults.next('GET /v2/pods/{id}/logs', { status: 503 });
    await expect(first.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const read = first.lines.length;
    pod.log.forget();
    await writeFile(`${pod.directory}/workspace/go`, '');
    const resumed = follow(yard, pod, first.cursors.get(read) ?? null);
    await resumed.done;
    expect(resumed.lines).toEqual(['last']);
    expect(resumed.gaps).toEqual([
      { offset: 0, reason: expect.stringContaining('no longer had the lines') },
      { offset: 1, reason: expect.stringContaining(`left out ${100 - read} of the 101 lines`) },
    ]);
  });

  test('goes on after a crash at any cursor, each line once', async () => {
    const yard = await openYard(hundred);
    yard.standIn.faults.nextStream({ stop: 'cut', after: 30 });
    yard.standIn.faults.nextStream({ stop: 'end', after: 30 });
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await follower.done;
    for (const [count, cursor] of follower.cursors) {
      yard.standIn.faults.nextStream({ rewind: 3 });
      const resumed = follow(yard, pod, cursor);
      await resumed.done;
      expect(resumed.lines).toEqual(numbered('line', 100 - count, count));
      expect(resumed.gaps).toEqual([]);
      yard.standIn.faults.clear();
    }
  });
});
