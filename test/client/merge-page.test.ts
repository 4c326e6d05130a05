import {
  type LogEntriesFragment,
  type LogList,
  type LogTextFragment,
  mergePage,
} from '@trainyard/client';
import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

const log = Array.from({ length: 60 }, (_, number) => `line ${number}`);
const gaps = [{ offset: 20, reason: 'the pod was away' }];

function pageAt(offset: number, nextOffset: number): LogTextFragment {
  return {
    jobId: 'a',
    offset,
    limit: 100,
    total: log.length,
    nextOffset,
    hasMore: nextOffset < log.length,
    complete: false,
    // As the server has it: a gap at either end belongs to the page.
    gaps: gaps.filter((gap) => offset <= gap.offset && gap.offset <= nextOffset),
    notice: null,
    lines: log.slice(offset, nextOffset),
  };
}

/** Every third line, as a filter might let them pass; text alone does not say its numbers. */
function filteredAt(offset: number, nextOffset: number): LogTextFragment {
  const lines = log.filter((_, at) => at >= offset && at < nextOffset && at % 3 === 0);
  return { ...pageAt(offset, nextOffset), lines };
}

function entriesAt(offset: number, nextOffset: number): LogEntriesFragment {
  const { lines: _lines, ...place } = pageAt(offset, nextOffset);
  const entries = log.flatMap((text, at) =>
    at >= offset && at < nextOffset && at % 3 === 0
      ? [
          {
            offset: at,
            text,
            time: '2026-06-01T12:00:00.000Z',
            source: null,
            level: null,
            progress: null,
          },
        ]
      : [],
  );
  return { ...place, entries };
}

test('pages join forwards, backwards and where they overlap, each line and gap once', () => {
  let list = mergePage(null, pageAt(20, 30));
  list = mergePage(list, pageAt(30, 40));
  list = mergePage(list, pageAt(10, 20));
  list = mergePage(list, pageAt(5, 25));
  expect(list).toMatchObject({ ...pageAt(5, 40), hasMore: true });
});

test('a page elsewhere begins a new list', () => {
  const list = mergePage(mergePage(null, pageAt(0, 10)), pageAt(50, 60));
  expect(list).toMatchObject({ offset: 50, nextOffset: 60, hasMore: false });
});

test("another job's page begins a new list", () => {
  const page = { ...pageAt(10, 20), jobId: 'b' };
  expect(mergePage(mergePage(null, pageAt(0, 10)), page)).toMatchObject(page);
});

test('filtered text joins where pages meet', () => {
  const list = mergePage(mergePage(null, filteredAt(0, 20)), filteredAt(20, 40));
  expect(list.lines).toEqual(filteredAt(0, 40).lines);
});

test('a list keeps at most its bound of lines, on the side of the newest page', () => {
  let list: LogList | null = null;
  for (let at = 0; at < 60; at += 5) list = mergePage(list, pageAt(at, at + 5), { maxLines: 20 });
  expect(list).toMatchObject(pageAt(40, 60));
  list = mergePage(list, pageAt(35, 40), { maxLines: 20 });
  expect(list).toMatchObject(pageAt(35, 55));
});

const anyPages = array(tuple(integer({ min: 0, max: 60 }), integer({ min: 0, max: 30 })), {
  minLength: 1,
  maxLength: 30,
});

test('whatever pages come, a list holds the log from its offset to its nextOffset', () =>
  assert(
    property(anyPages, (places) => {
      let text: LogList | null = null;
      let filtered: LogList | null = null;
      let entries: LogList<LogEntriesFragment> | null = null;
      for (const [offset, length] of places) {
        const end = Math.min(log.length, offset + length);
        text = mergePage(text, pageAt(offset, end), { maxLines: 40 });
        filtered = mergePage(filtered, filteredAt(offset, end), { maxLines: 40 });
        entries = mergePage(entries, entriesAt(offset, end), { maxLines: 40 });
        for (const { offset: first, nextOffset } of [text, filtered, entries]) {
          expect(first).toBeLessThanOrEqual(offset);
          expect(nextOffset).toBeGreaterThanOrEqual(end);
        }
        expect(text.lines).toEqual(pageAt(text.offset, text.nextOffset).lines);
        expect(text.gaps).toEqual(pageAt(text.offset, text.nextOffset).gaps);
        expect(filtered.lines).toEqual(filteredAt(filtered.offset, filtered.nextOffset).lines);
        expect(entries.entries).toEqual(entriesAt(entries.offset, entries.nextOffset).entries);
        expect(text.lines.length).toBeLessThanOrEqual(40);
      }
    }),
  ));
