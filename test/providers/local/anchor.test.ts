import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Pages, readOn } from '../../../src/providers/local/log/anchor.ts';
import type { Position } from '../../../src/providers/local/log/cursor.ts';

/** A log that keeps its newest lines only, and grows before every read. */
class RollingLog implements Pages {
  readonly #kept: number;
  readonly #growth: Iterator<number>;
  lines: string[] = [];
  #total = 0;

  constructor(kept: number, growth: readonly number[]) {
    this.#kept = kept;
    this.#growth = growth.values();
  }

  async page({ offset, limit }: { offset: number; limit: number }): Promise<readonly string[]> {
    expect(offset).toBeGreaterThanOrEqual(0);
    const { value = 0 } = this.#growth.next();
    const fresh = Array.from({ length: value }, (_, index) => String(this.#total + index));
    this.#total += value;
    this.lines = [...this.lines, ...fresh].slice(-this.#kept);
    return this.lines.slice(offset, offset + limit);
  }

  get total(): number {
    return this.#total;
  }
}

test('reads each line once, in order, and skips none unsaid, however the log grows and drops lines', async () => {
  const growth = fc.array(fc.oneof(fc.nat(20), fc.nat(3000)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4000 }), growth, async (kept, grows) => {
      const log = new RollingLog(kept, grows);
      let position: Position = { at: 0, anchor: [] };
      let moved = false;
      let next = 0;
      for (let read = 0; read < 60; read += 1) {
        const stretch = await readOn(log, position, { moved });
        if (stretch.lost) {
          // Never a false alarm: a line of the anchor, at least, was dropped.
          expect(Number(log.lines[0])).toBeGreaterThan(next - position.anchor.length);
        }
        // The first lines are gone before anybody has read one: nobody can know.
        if (stretch.lost || position.anchor.length === 0) {
          next = Math.max(next, Number(stretch.lines[0] ?? 0));
        }
        const expected = stretch.lines.map((_, index) => String(next + index));
        expect(stretch.lines).toEqual(expected);
        next += stretch.lines.length;
        ({ position, moved } = stretch);
      }
      expect(next).toBe(log.total);
    }),
    { numRuns: 50 },
  );
}, 60_000);

test('lines of a kind are no place: what stands between two runs of them is not skipped', async () => {
  const lines: string[] = [];
  for (let block = 0; block < 20; block += 1) {
    for (let step = 0; step < 60; step += 1) lines.push(`step ${block * 60 + step}`);
    lines.push(...Array<string>(20).fill(''));
  }
  const kept = 800;
  let printed = 0;
  const log: Pages = {
    page: async ({ offset, limit }) =>
      lines.slice(Math.max(0, printed - kept), printed).slice(offset, offset + limit),
  };
  const read: string[] = [];
  let position: Position = { at: 0, anchor: [] };
  let moved = false;
  // Each read finds that the lines have moved by 80, so that a run of empty lines is at every place where one was.
  for (printed = kept; printed <= lines.length; printed += 80) {
    const stretch = await readOn(log, position, { moved });
    expect(stretch.lost).toBe(false);
    ({ position, moved } = stretch);
    read.push(...stretch.lines);
  }
  expect(read).toEqual(lines);
});
