import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LineBlock, LogSource, ProgressMark } from '../../src/core/log.ts';
import { noRedraws, type RedrawState, settleRedraw, thinRedraws } from '../../src/lines/redraw.ts';

const source = fc.constantFrom('STDOUT' as const, 'STDERR' as const, null);
const redraw = fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%| state\r`);
const normal = fc.string({ unit: fc.constantFrom('a', '%', '1', '/', ' ', 'é', '🙂') });
const moving = fc.string({
  unit: fc.constantFrom(
    'a',
    '%',
    '5',
    '\r',
    '\b',
    ' ',
    '\u001b[A',
    '\u001b[2B',
    '\u001b[1F',
    '\u001b[2K',
    '\u001b[K',
  ),
  maxLength: 12,
});
const broken = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', '\ud800', ' ') });

/** One line at a time, in rising time. */
const stream = (text: fc.Arbitrary<string>) =>
  fc
    .array(fc.record({ text, wait: fc.nat({ max: 400 }), source }), { maxLength: 60 })
    .map((lines) => {
      let time = 1_000_000;
      return lines.map((line) => {
        time += line.wait;
        return { text: line.text, time, source: line.source };
      });
    });

type Stream = {
  text: string;
  time: number;
  source: LogSource | null;
  progress?: ProgressMark;
}[];

function blockOf(lines: Stream): LineBlock {
  return {
    lines: lines.map((line) => line.text),
    runs: lines.map(({ time, source: from }) => ({ count: 1, time, source: from })),
  };
}

/** Thins the stream in blocks of so many lines, then settles; one entry a stored line. */
function store(lines: Stream, blockLines: number): Stream {
  let state: RedrawState = noRedraws;
  const stored: Stream = [];
  const take = (result: { block: LineBlock; state: RedrawState }) => {
    state = JSON.parse(JSON.stringify(result.state));
    let at = 0;
    for (const run of result.block.runs) {
      expect(run.count).toBeGreaterThan(0);
      for (const text of result.block.lines.slice(at, at + run.count)) {
        const { count: _, ...facts } = run;
        stored.push({ text, ...facts });
      }
      at += run.count;
    }
    expect(at).toBe(result.block.lines.length);
  };
  for (let at = 0; at < lines.length; at += blockLines) {
    take(thinRedraws(state, blockOf(lines.slice(at, at + blockLines))));
  }
  take(settleRedraw(state, Infinity));
  return stored;
}

it('is the same however the log is cut into blocks', () => {
  fc.assert(
    fc.property(
      stream(fc.oneof(redraw, normal, broken, moving)),
      fc.integer({ min: 1, max: 9 }),
      (lines, size) => {
        expect(store(lines, size)).toEqual(store(lines, lines.length || 1));
      },
    ),
    { numRuns: 1000 },
  );
});

it('stores one line of well-formed text each, whatever comes, and nothing that moves a cursor', () => {
  fc.assert(
    fc.property(stream(fc.oneof(broken, moving)), (lines) => {
      for (const { text } of store(lines, 7)) {
        expect(text).not.toMatch(/[\r\n\0\b]|\[\d?[ABF]|\[2K/);
        expect(text.isWellFormed()).toBe(true);
      }
    }),
  );
});

it('stores every ordinary line, in order, with its time and source', () => {
  fc.assert(
    fc.property(stream(fc.oneof(redraw, normal)), (lines) => {
      const ordinary = lines.filter(({ text }) => !text.endsWith('\r'));
      const stored = store(lines, 5).filter(({ text }) => !text.endsWith('| state'));
      expect(stored).toEqual(ordinary);
    }),
  );
});

it('stores the first state, the last one, and at most two a second of an unbroken bar', () => {
  fc.assert(
    fc.property(stream(redraw), (lines) => {
      fc.pre(lines.length > 0);
      const oneBar = lines.map((line) => ({ ...line, source: null }));
      const stored = store(oneBar, 4);
      const seen = oneBar.map(({ text, time }) => `${time} ${text.slice(0, -1)}`);
      const kept = stored.map(({ text, time }) => `${time} ${text}`);
      expect(kept[0]).toBe(seen[0]);
      expect(kept.at(-1)).toBe(seen.at(-1));
      const [first, last] = [stored[0]?.time ?? 0, stored.at(-1)?.time ?? 0];
      expect(stored.length).toBeLessThanOrEqual(2 + (last - first) / 500);
    }),
  );
});

/** Bars on some rows, drawn anew again and again from the first one down, and now and then a line above them. */
const severalBars = fc
  .record({
    rows: fc.integer({ min: 2, max: 6 }),
    rounds: fc.array(fc.record({ wait: fc.integer({ min: 1, max: 300 }), line: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    }),
  })
  .map(({ rows, rounds }) => {
    let time = 1_000_000;
    const lines: Stream = [];
    const content: string[] = [];
    rounds.forEach(({ wait, line }, round) => {
      time += wait;
      const add = (text: string) => lines.push({ text, time, source: null });
      if (line) {
        content.push(`line ${'xyz'.charAt(round % 3)} of ${round}`);
        add(content.at(-1) ?? '');
      }
      for (let row = 0; row < rows - 1; row++) add(`bar ${'abcdef'.charAt(row)} ${round}%|`);
      add(`bar ${'abcdef'.charAt(rows - 1)} ${round}%|\u001b[${rows - 1}A\r`);
    });
    return { lines, rows, content, rounds: rounds.length, lasted: time - 1_000_000 };
  });

it('thins bars on several rows and loses no line among them', () => {
  fc.assert(
    fc.property(severalBars, ({ lines, rows, content, rounds, lasted }) => {
      const stored = store(lines, 4).map(({ text }) => text);
      expect(stored.filter((text) => text.startsWith('line'))).toEqual(content);
      const bars = stored.filter((text) => text.startsWith('bar'));
      // A row that a line has pushed down begins anew; no more than two a second of each, and its ends.
      expect(bars.length).toBeLessThanOrEqual((rows + content.length) * (3 + lasted / 500));
      for (let row = 0; row < rows; row++) {
        expect(bars).toContain(`bar ${'abcdef'.charAt(row)} ${rounds - 1}%|`);
      }
    }),
  );
});

it('keeps a state of bounded size', () => {
  fc.assert(
    fc.property(stream(moving), (lines) => {
      let state: RedrawState = noRedraws;
      const long = lines.map((line) => ({
        ...line,
        text: `${line.text}${'x'.repeat(9000)}\u001b[A`,
      }));
      for (const line of long) state = thinRedraws(state, blockOf([line])).state;
      expect(JSON.stringify(state).length).toBeLessThan(256 * 1024);
    }),
    { numRuns: 20 },
  );
});

it('marks states of bars alone, and one at most as the last of each line that a bar was on', () => {
  fc.assert(
    fc.property(stream(fc.oneof(redraw, normal)), (lines) => {
      const stored = store(lines, 5);
      const isState = ({ text }: { text: string }) => text.endsWith('| state');
      expect(stored.filter((line) => line.progress && !isState(line))).toEqual([]);
      expect(stored.filter((line) => !line.progress && isState(line))).toEqual([]);
      for (const source of ['STDOUT', 'STDERR', null]) {
        const own = stored.filter((line) => line.source === source);
        const last = own.findIndex(({ progress }) => progress === 'LAST');
        // Nothing ends these bars but the end of the log.
        expect([-1, own.length - 1]).toContain(last);
      }
    }),
  );
});
