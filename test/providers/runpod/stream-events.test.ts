import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { eventBatchesOf, eventsOf } from '../../../src/providers/http/events.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import { Follower, numbered } from '../follow.ts';
import { openYard, printed, type Yard } from './yard.ts';

const id = 'job-a';
const hundred = 'for n in {0..99}; do echo "line $n"; done';

function follow({ provider, signal }: Yard, pod: Pod, cursor: string | null = null): Follower {
  return new Follower(provider.followLogs({ jobId: id, externalId: pod.id }, cursor, signal));
}

/** Without what the host says. */
const own = ({ lines }: Follower) => lines.filter((line) => /^line|^word|^\{/.test(line));

/** Characters of several bytes come in parts, too. */
async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([1, 7, 1000])('events of all kinds come in order, %i bytes at a time', async (size) => {
  const text =
    ': hello\n\nid: a\n\nid: b\ndata:\n\ndata: no id\n\nid: c\ndata: wörd 漢字 🚂\n\nretry: 5\n\nid: d\n\n: bye\n\nid: half';
  const all = (await Array.fromAsync(eventBatchesOf(inPieces(text, size)))).flat();
  expect(all.map((event) => [event.id, event.data])).toEqual([
    ['a', ''],
    ['b', ''],
    [undefined, 'no id'],
    ['c', 'wörd 漢字 🚂'],
    ['d', ''],
  ]);
  const withData = await Array.fromAsync(eventsOf(inPieces(text, size)));
  expect(withData.map(({ data }) => data)).toEqual(['no id', 'wörd 漢字 🚂']);
});

describe('a log stream', () => {
  test.each([
    ['comments', ': ping\n\n'],
    ['keepalives with an id of their own', 'id: keepalive/7\ndata:\n\n'],
    ['keepalives without one', 'data:\n\n'],
    ['ids alone', 'id: alone/7\n\n'],
    ['times to wait', 'retry: 3000\n\n'],
  ])('gives every line once though %s come between, at a cut too', async (_, text) => {
    const yard = await openYard(hundred);
    const insert = Array.from({ length: 80 }, (_, before) => ({ before, text }));
    yard.standIn.faults.nextStream({ insert, stop: 'cut', after: 50 });
    yard.standIn.faults.nextStream({ insert, stop: 'end', after: 20 });
    yard.standIn.faults.nextStream({ insert });
    const pod = await yard.deploy(id);
    const follower = follow(yard, pod);
    await follower.done;
    expect(own(follower)).toEqual(numbered('line', 100));
    expect(follower.gaps).toEqual([]);
    expect(follower.ended).toMatchObject({ state: { status: 'COMPLETED' } });
  });

  test('saves where a keepalive has moved it', async () => {
    const yard = await openYard('echo line 0; sleep 60');
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).includes('line 0'));
    const text = 'id: keepalive/7\ndata:\n\n';
    yard.standIn.faults.nextStream({ insert: [{ before: pod.log.end, text }] });
    const follower = follow(yard, pod);
    const saved = () => JSON.parse([...follower.cursors.values()].at(-1) ?? '{}');
    await expect.poll(saved).toMatchObject({ kept: 'keepalive/7', newest: { repeat: 1 } });
    expect(follower.lines).toContain('line 0');
  });

  test.each([
    ['no JSON', 'word of the backend', ['word of the backend']],
    ['JSON of another shape', '{"level":"info"}', ['{"level":"info"}']],
    ['no text', '42', []],
    [
      'a line without a time',
      '{"source":"container","line":"word without time"}',
      ['word without time'],
    ],
    [
      'a line with a time that is none',
      '{"ts":"soon","source":"container","line":"word"}',
      ['word'],
    ],
  ])('has a line where the data is %s, and all that came with it', async (_, data, lines) => {
    const yard = await openYard(hundred);
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).length === 102);
    yard.standIn.faults.nextStream({
      insert: [{ before: 30, text: `id: junk/1\ndata: ${data}\n\n` }],
    });
    const follower = follow(yard, pod);
    await follower.done;
    expect(follower.gaps).toEqual([]);
    expect(own(follower).filter((line) => line.startsWith('line '))).toEqual(numbered('line', 100));
    expect(own(follower).filter((line) => !line.startsWith('line '))).toEqual(lines);
    if (lines.length === 0) expect(follower.lines).toContain('42');
  });

  test('is read on after such a line, too, wherever it is cut', async () => {
    const yard = await openYard(hundred);
    const text = 'id: junk/1\ndata: word\n\n';
    const pod = await yard.deploy(id);
    await yard.standIn.until(() => printed(pod).length === 102);
    yard.standIn.faults.nextStream({ insert: [{ before: 50, text }], stop: 'cut', after: 50 });
    const follower = follow(yard, pod);
    await follower.done;
    expect(own(follower).filter((line) => line !== 'word')).toEqual(numbered('line', 100));
    expect(follower.gaps).toEqual([]);
    for (const cursor of follower.cursors.values()) {
      const resumed = follow(yard, pod, cursor);
      await resumed.done;
      expect(resumed.gaps).toEqual([]);
    }
  });

  test('is no broken one where its answer comes no sooner than its first line', async () => {
    const times = { headersMs: 100, quietMs: 150, emptyMs: 60_000 };
    const yard = await openYard(
      'until [ -e "$HOME/workspace/go" ]; do sleep 0.02; done; echo line 0',
      {
        times,
      },
    );
    const pod = await yard.deploy(id);
    // All that there is has been read: the next stream has nothing to say for now.
    await yard.standIn.until(() => printed(pod).length === 1);
    const before = follow(yard, pod);
    await before.reach(1);
    yard.standIn.faults.nextStream({ stop: 'silence', after: 0 });
    const cursor = [...before.cursors.values()].at(-1) ?? null;
    const again = follow(yard, pod, cursor);
    await expect
      .poll(() => yard.standIn.requests.filter(({ path }) => path.includes('/logs')).length)
      .toBe(2);
    const looks = yard.standIn.requests.length;
    // It looks after the pod again and again, as with any stream that is silent.
    await yard.standIn.until(() => yard.standIn.requests.length > looks + 1);
    await writeFile(`${pod.directory}/workspace/go`, '');
    await again.done;
    expect(own(again)).toEqual(['line 0']);
    expect(again.gaps).toEqual([]);
  });
});
