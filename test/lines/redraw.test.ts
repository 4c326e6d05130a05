import { describe, expect, it } from 'vitest';
import type { LineBlock, LogSource } from '../../src/core/log.ts';
import { noRedraws, type RedrawState, settleRedraw, thinRedraws } from '../../src/lines/redraw.ts';

const start = 1_000_000;

/** Stores the texts one by one, each at so many milliseconds after the start. */
function storeAll(lines: [ms: number, text: string, source?: LogSource][], settleAt = Infinity) {
  let state: RedrawState = noRedraws;
  const stored: string[] = [];
  for (const [ms, text, source = null] of lines) {
    const block = { texts: [text], runs: [{ count: 1, time: start + ms, source }] };
    const thinned = thinRedraws(state, block);
    stored.push(...thinned.block.texts);
    state = JSON.parse(JSON.stringify(thinned.state));
  }
  stored.push(...settleRedraw(state, start + settleAt).block.texts);
  return stored;
}

describe('thinRedraws', () => {
  it('returns an ordinary block as the same object', () => {
    const block: LineBlock = { texts: ['a', '', 'é'], runs: [{ count: 3, time: 1, source: null }] };
    const thinned = thinRedraws(noRedraws, block);
    expect(thinned.block).toBe(block);
    expect(thinned.state).toBe(noRedraws);
  });

  it('stores the first state at once, then one each half second, and the last', () => {
    const states = Array.from({ length: 13 }, (_, i): [number, string] => [i * 100, `${i}%\r`]);
    expect(storeAll(states)).toEqual(['0%', '5%', '10%', '12%']);
  });

  it('drops a state held back when the bar ends with its own line', () => {
    expect(
      storeAll([
        [0, '1%\r'],
        [100, '99%\r'],
        [200, '100%'],
        [300, 'done'],
      ]),
    ).toEqual(['1%', '100%', 'done']);
  });

  it('drops a state held back when another line follows', () => {
    expect(
      storeAll([
        [0, '1%\r'],
        [100, '50%\r'],
        [200, 'crashed'],
      ]),
    ).toEqual(['1%', 'crashed']);
  });

  it.each(['100%|██| 30/30', '30/30', '100.0%'])(
    'keeps a finished bar %j before another line',
    (bar) => {
      expect(
        storeAll([
          [0, '1%\r'],
          [100, `${bar}\r`],
          [200, 'saved'],
        ]),
      ).toEqual(['1%', bar, 'saved']);
    },
  );

  it('holds a state back over lines of another source', () => {
    const stored = storeAll([
      [0, '1%\r', 'STDERR'],
      [100, '50%\r', 'STDERR'],
      [200, 'loss', 'STDOUT'],
    ]);
    expect(stored).toEqual(['1%', 'loss', '50%']);
  });

  it('does not store a state that wipes the bar', () => {
    expect(
      storeAll([
        [0, '1%\r'],
        [100, '      \r'],
        [200, 'saved'],
      ]),
    ).toEqual(['1%', 'saved']);
  });

  it('takes the states inside a text for those of one instant', () => {
    expect(
      storeAll([
        [0, '1%\r2%\r3%\r100%'],
        [900, 'a\rb\r\r'],
        [2000, '\rx'],
      ]),
    ).toEqual(['1%', '100%', 'a', 'x']);
  });

  it('cuts a text at line ends and makes it well-formed', () => {
    expect(
      storeAll([
        [0, 'a\n\nb\r\nc'],
        [0, 'd\n'],
        [0, 'e\0\ud800'],
        [0, ''],
      ]),
    ).toEqual(['a', '', 'b', 'c', 'd', 'e␀\ufffd', '']);
  });

  it('keeps time and source of every line', () => {
    const { block } = thinRedraws(noRedraws, {
      texts: ['a', 'b\nc', '1%\r', '2%\r', 'd'],
      runs: [
        { count: 2, time: start, source: 'STDOUT' },
        { count: 2, time: start + 1, source: 'STDERR' },
        { count: 1, time: start + 2, source: 'STDOUT' },
      ],
    });
    expect(block).toEqual({
      texts: ['a', 'b', 'c', '1%', 'd'],
      runs: [
        { count: 3, time: start, source: 'STDOUT' },
        { count: 1, time: start + 1, source: 'STDERR' },
        { count: 1, time: start + 2, source: 'STDOUT' },
      ],
    });
  });

  it('holds nothing back for long where the clock was put back', () => {
    expect(
      storeAll(
        [
          [90_000_000, '1%\r'],
          [0, '2%\r'],
          [100, '3%\r'],
        ],
        200,
      ),
    ).toEqual(['1%', '2%']);
  });
});

describe('settleRedraw', () => {
  const held: [number, string][] = [
    [0, '1%\r'],
    [100, '2%\r'],
  ];

  it('stores a state when its half second is over', () => {
    expect(storeAll(held, 499)).toEqual(['1%']);
    expect(storeAll(held, 500)).toEqual(['1%', '2%']);
  });

  it('lets the half second begin anew', () => {
    const first = { texts: ['1%\r', '2%\r'], runs: [{ count: 2, time: start, source: null }] };
    const settled = settleRedraw(thinRedraws(noRedraws, first).state, start + 500);
    expect(settled.block.runs).toEqual([{ count: 1, time: start, source: null }]);
    const next = { texts: ['3%\r'], runs: [{ count: 1, time: start + 900, source: null }] };
    expect(thinRedraws(settled.state, next).block.texts).toEqual([]);
  });

  it('does nothing where nothing is held back', () => {
    const settled = settleRedraw(noRedraws, Infinity);
    expect(settled).toEqual({ block: { texts: [], runs: [] }, state: noRedraws });
  });
});

describe('places', () => {
  it('say which line each text became, or which took its place', () => {
    const { block, places } = thinRedraws(noRedraws, {
      texts: ['a', '1%\r', '2%\r', 'b', 'c'],
      runs: [{ count: 5, time: start, source: null }],
    });
    expect(block.texts).toEqual(['a', '1%', 'b', 'c']);
    expect(places).toEqual([0, 1, 2, 2, 3]);
  });
});
