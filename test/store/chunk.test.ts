import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LineBlock } from '../../src/core/log.ts';
import { cutChunks, fullChunk, joinTail, rawChunk, runsOf, textOf } from '../../src/store/chunk.ts';
import { encodeLines, splitLines } from '../../src/store/line-text.ts';
import { decodeRuns, encodeRuns, sliceRuns } from '../../src/store/runs.ts';
import { perLine } from './samples.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((line) => line.replace(/\n/g, ''));
const source = fc.constantFrom(null, 'STDOUT', 'STDERR', 'SYSTEM');
const progress = fc.constantFrom('DRAWN_OVER', 'LAST');
const ofRun = (facts: { count: fc.Arbitrary<number>; time: fc.Arbitrary<number> }) =>
  fc.oneof(fc.record({ ...facts, source }), fc.record({ ...facts, source, progress }));
const run = ofRun({
  count: fc.integer({ min: 1, max: 100_000 }),
  time: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
});

test('runs come back as they were, whatever their times and sizes', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 50 }), (runs) => {
      expect(decodeRuns(encodeRuns(runs))).toEqual(runs);
    }),
  );
});

test('a time that is none does not spoil the others', () => {
  const runs = [Number.NaN, 5, Number.POSITIVE_INFINITY, 1e300, 7].map((time) => ({
    count: 1,
    time,
    source: null,
  }));
  const times = decodeRuns(encodeRuns(runs)).map(({ time }) => time);
  expect([times[1], times[4], times.every(Number.isSafeInteger)]).toEqual([5, 7, true]);
});

test('a slice of runs covers the same lines as the slice of their lines', () => {
  const small = ofRun({ count: fc.integer({ min: 1, max: 9 }), time: fc.nat() });
  fc.assert(
    fc.property(fc.array(small), fc.nat(60), fc.nat(60), (runs, from, to) => {
      expect(perLine(sliceRuns(runs, from, to))).toEqual(perLine(runs).slice(from, to));
    }),
  );
});

test('lines come back as they were, any stretch of them', () => {
  // Short texts and long ones are encoded in different ways.
  const long = fc.constantFrom('', 'x'.repeat(3000), '🚂'.repeat(200_000));
  const lines = fc.tuple(fc.array(text, { minLength: 1 }), long);
  fc.assert(
    fc.property(lines, fc.nat(20), fc.nat(20), ([short, end], from, to) => {
      const lines = [...short, end];
      const joined = encodeLines(lines, 0, lines.length);
      expect(joined.toString()).toBe(lines.join('\n'));
      expect(splitLines(joined, 0, lines.length)).toEqual(lines);
      expect(splitLines(joined, from, to)).toEqual(lines.slice(from, to));
    }),
  );
});

test('half a surrogate pair is replaced, and the lines around it stay', () => {
  for (const end of ['🚂', '🚂'.repeat(2000)]) {
    const joined = encodeLines(['é', 'a\ud83d', '\ude82b', end], 0, 4);
    expect(splitLines(joined, 0, 4)).toEqual(['é', 'a\ufffd', '\ufffdb', end]);
  }
});

test.each([true, false])(
  'chunks hold the tail and the lines after it (compress: %s)',
  (compress) => {
    const block = fc
      .array(fc.tuple(text, ofRun({ count: fc.integer({ min: 1, max: 400 }), time: fc.nat() })), {
        maxLength: 8,
      })
      .map(
        (parts): LineBlock => ({
          lines: parts.flatMap(([line, { count }]) => Array.from({ length: count }, () => line)),
          runs: parts.map(([, lines]) => lines),
        }),
      );
    fc.assert(
      fc.property(fc.array(block, { maxLength: 3 }), block, (before, after) => {
        const rows = before.filter(({ lines }) => lines.length > 0).map(rawChunk);
        const chunks = cutChunks(joinTail(rows), after, { compress });
        const all = [...before, after];
        const lines = chunks.flatMap((chunk) => splitLines(textOf(chunk), 0, chunk.count));
        expect(lines).toEqual(all.flatMap(({ lines }) => lines));
        expect(perLine(chunks.flatMap(runsOf))).toEqual(perLine(all.flatMap(({ runs }) => runs)));
      }),
      { numRuns: 50 },
    );
  },
);

test('a big batch is cut into chunks of about a full one, by text or by lines', () => {
  const none = joinTail([]);
  const cut = (texts: string[]) =>
    cutChunks(
      none,
      { lines: texts, runs: [{ count: texts.length, time: 0, source: null }] },
      {
        compress: true,
      },
    );
  for (const [line, count] of [
    ['', 9000],
    ['x'.repeat(118), 5000],
    ['é'.repeat(500), 5000],
    ['y'.repeat(64 * 1024), 20],
  ] as const) {
    const chunks = cut(Array.from({ length: count }, () => line));
    for (const { count, bytes } of chunks) {
      expect(count).toBeLessThanOrEqual(1.5 * fullChunk.lines);
      expect(bytes).toBeLessThanOrEqual(3 * fullChunk.bytes);
      expect(count > 0.6 * fullChunk.lines || bytes > 0.6 * fullChunk.bytes).toBe(true);
    }
  }
});
