import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type LogLevel, type LogSource, logLevels } from '../../../src/core/log.ts';
import type { LineNeeds, NeededText } from '../../../src/core/needs.ts';
import { plainText } from '../../../src/lines/plain-text.ts';
import { cutChunks, rawChunk } from '../../../src/store/chunk.ts';
import { buildFilter, chunksPerSection } from '../../../src/store/search-index/build.ts';
import { openFilter } from '../../../src/store/search-index/filter.ts';
import { sectionQuery } from '../../../src/store/search-index/query.ts';

const key = 'job 0';

/** Bits of the parts of these chunks of lines that may hold what is needed. */
function partsWith(chunks: string[][], needs: Partial<LineNeeds>, time = 1000): number {
  const made = chunks.map((texts) =>
    rawChunk({ lines: texts, runs: [{ count: texts.length, time, source: 'STDOUT' }] }),
  );
  const filter = openFilter(buildFilter({ key, chunks: made }), key);
  if (filter === null) throw new Error('the filter cannot be opened');
  return sectionQuery(needsOf(needs))(filter);
}

function needsOf(needs: Partial<LineNeeds>): LineNeeds {
  return {
    text: null,
    minLevel: null,
    since: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    sources: null,
    ...needs,
  };
}

// Enough text that its trigrams are worth keeping, in a few chunks: bits 0 to 3 are its parts.
const filler = 'the weather is fine, and nothing else is to be said of it '.repeat(20);
const quiet = Array.from({ length: 13 }, () => Array.from({ length: 40 }, () => filler));
const withLine = (place: number, line: string) =>
  quiet.map((lines, n) => (n === place ? [...lines, line] : lines));

describe('a text', () => {
  test('that is nowhere is ruled out', () => {
    expect(partsWith(quiet, { text: 'CUDA out of memory' })).toBe(0);
    expect(partsWith(quiet, { text: 'weather' })).toBe(0b1111);
  });

  test('that is in one part is looked for in that one alone', () => {
    expect(partsWith(withLine(5, 'CUDA out of memory'), { text: 'CUDA out of memory' })).toBe(0b10);
    expect(partsWith(withLine(12, 'CUDA out of memory'), { text: 'CUDA out of memory' })).toBe(
      0b1000,
    );
  });

  test('may be all of several, or one of several', () => {
    const chunks = withLine(5, 'Traceback');
    const text = (needed: NeededText) => partsWith(chunks, { text: needed });
    expect(text({ all: ['weather', 'Traceback'] })).toBe(0b10);
    expect(text({ all: ['xylophone', 'Traceback'] })).toBe(0);
    expect(text({ any: ['xylophone', 'Traceback'] })).toBe(0b10);
    expect(text({ any: ['weather', { all: ['xylophone', 'Traceback'] }] })).toBe(0b1111);
  });

  test('of less than three bytes rules nothing out', () => {
    expect(partsWith(quiet, { text: 'zz' })).toBe(0b1111);
  });

  const cases = ['aA', 'bB', 'k\u212a', 'Kk', '\u212aK', 's\u017f', 'Ss', '\u017fS'];
  const otherCase = new Map(cases.map(([one = '', other = '']) => [one, other]));
  const piece = fc.constantFrom(
    ...['a', 'B', 'k', 'K', '\u212a', 's', 'S', '\u017f', 'é', 'É', '😀', ' ', '1', '@', '`'],
    ...['\u001b[31m', '\u001b[0m', '\u001b[K', '\u001b]8;;x\u0007', '\u001b', '\u009b1m'],
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

  it('is never missed where a line holds it, whatever is coloured', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        (lines, which, from, length) => {
          const plain = [...plainText(lines[which % lines.length] ?? '')];
          const start = from % (plain.length + 1);
          const needle = plain.slice(start, start + 3 + (length % 6)).join('');
          const chunks = [...quiet, lines];
          expect(partsWith(chunks, { text: needle }) & 0b1000).toBe(0b1000);
          // As an expression may find it in any case.
          const other = Array.from(needle, (letter) => otherCase.get(letter) ?? letter).join('');
          expect(partsWith(chunks, { text: other }) & 0b1000).toBe(0b1000);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a level', () => {
  test('is looked for where lines state it or a more severe one', () => {
    const chunks = withLine(9, 'ERROR: it broke').map((lines, n) =>
      n === 0 ? [...lines, 'WARNING: it may break'] : lines,
    );
    const level = (minLevel: LogLevel) => partsWith(chunks, { minLevel });
    expect(logLevels.map(level)).toEqual([0b101, 0b101, 0b101, 0b100]);
    expect(partsWith(chunks, { minLevel: 'ERROR', text: 'WARNING' })).toBe(0);
  });

  test('is counted', () => {
    const texts = ['INFO: one', 'INFO: two', 'ERROR: three', 'four'];
    const chunk = rawChunk({ lines: texts, runs: [{ count: 4, time: 5, source: null }] });
    const filter = openFilter(buildFilter({ key, chunks: [chunk] }), key);
    expect(filter?.levels.map(({ count }) => count)).toEqual([0, 2, 0, 1]);
  });
});

describe('a time or a source', () => {
  test('that no line has is ruled out; since is inclusive, until exclusive', () => {
    const within = (since: number, until: number) => partsWith(quiet, { since, until }) !== 0;
    expect(within(1000, 1001)).toBe(true);
    expect(within(1001, 9999)).toBe(false);
    expect(within(0, 1000)).toBe(false);
    const sources = (...all: LogSource[]) => partsWith(quiet, { sources: new Set(all) }) !== 0;
    expect(sources('STDOUT')).toBe(true);
    expect(sources('STDERR', 'SYSTEM')).toBe(false);
    expect(sources('STDERR', 'STDOUT')).toBe(true);
    expect(sources()).toBe(false);
  });
});

describe('a filter', () => {
  const chunks = quiet.map((texts) =>
    rawChunk({ lines: texts, runs: [{ count: 40, time: 1, source: null }] }),
  );
  const bytes = buildFilter({ key, chunks });

  it('that is damaged, cut short or of another place is none', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(openFilter(damaged, key)).toBeNull();
        expect(openFilter(bytes.subarray(0, at), key)).toBeNull();
      }),
    );
    expect(openFilter(bytes, 'job 1000')).toBeNull();
    expect(openFilter('text', key)).toBeNull();
    expect(openFilter(bytes, key)).not.toBeNull();
  });

  test('of text that holds everything says nothing of it, and takes no room for that', () => {
    let state = 1;
    const noise = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state.toString(36);
    };
    const texts = Array.from({ length: 32_000 }, () => Array.from({ length: 6 }, noise).join(''));
    const runs = [{ count: texts.length, time: 1, source: null }];
    const noisy = cutChunks(
      { count: 0, text: Buffer.alloc(0), runs: [] },
      { lines: texts, runs },
      { compress: true },
    );
    expect(noisy).toHaveLength(chunksPerSection);
    const made = buildFilter({ key, chunks: noisy });
    expect(made.length).toBeLessThan(noisy.reduce((sum, { bytes: size }) => sum + size, 0) / 190);
    const filter = openFilter(made, key);
    expect(filter && sectionQuery(needsOf({ text: 'nowhere' }))(filter)).toBe(0b11111111);
  });
});
