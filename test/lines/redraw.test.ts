import { describe, expect, it } from 'vitest';
import type { LineBlock, LogSource } from '../../src/core/log.ts';
import { noRedraws, type RedrawState, settleRedraw, thinRedraws } from '../../src/lines/redraw.ts';
import { LineSplitter } from '../../src/lines/split.ts';

const start = 1_000_000;

/** Stores the texts one by one, each at so many milliseconds after the start. */
function storeAll(lines: [ms: number, text: string, source?: LogSource][], settleAt = Infinity) {
  let state: RedrawState = noRedraws;
  const stored: string[] = [];
  for (const [ms, text, source = null] of lines) {
    const block = { lines: [text], runs: [{ count: 1, time: start + ms, source }] };
    const thinned = thinRedraws(state, block);
    stored.push(...thinned.block.lines);
    state = JSON.parse(JSON.stringify(thinned.state));
  }
  stored.push(...settleRedraw(state, start + settleAt).block.lines);
  return stored;
}

describe('thinRedraws', () => {
  it('returns an ordinary block as the same object', () => {
    const block: LineBlock = { lines: ['a', '', 'é'], runs: [{ count: 3, time: 1, source: null }] };
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
      lines: ['a', 'b\nc', '1%\r', '2%\r', 'd'],
      runs: [
        { count: 2, time: start, source: 'STDOUT' },
        { count: 2, time: start + 1, source: 'STDERR' },
        { count: 1, time: start + 2, source: 'STDOUT' },
      ],
    });
    expect(block).toEqual({
      lines: ['a', 'b', 'c', '1%', 'd'],
      runs: [
        { count: 3, time: start, source: 'STDOUT' },
        { count: 1, time: start + 1, source: 'STDERR', progress: 'DRAWN_OVER' },
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
    const first = { lines: ['1%\r', '2%\r'], runs: [{ count: 2, time: start, source: null }] };
    const settled = settleRedraw(thinRedraws(noRedraws, first).state, start + 500);
    expect(settled.block.runs).toEqual([
      { count: 1, time: start, source: null, progress: 'DRAWN_OVER' },
    ]);
    const next = { lines: ['3%\r'], runs: [{ count: 1, time: start + 900, source: null }] };
    expect(thinRedraws(settled.state, next).block.lines).toEqual([]);
  });

  it('does nothing where nothing is held back', () => {
    const settled = settleRedraw(noRedraws, Infinity);
    expect(settled).toEqual({ block: { lines: [], runs: [] }, state: noRedraws });
  });
});

describe('places', () => {
  it('say which line each text became, or which took its place', () => {
    const { block, places } = thinRedraws(noRedraws, {
      lines: ['a', '1%\r', '2%\r', 'b', 'c'],
      runs: [{ count: 5, time: start, source: null }],
    });
    expect(block.lines).toEqual(['a', '1%', 'b', 'c']);
    expect(places).toEqual([0, 1, 2, 2, 3]);
  });
});

const up = (rows: number) => '\u001b[A'.repeat(rows);

/** Cuts what a program writes into texts as a log's reader does, and stores them; `at` in milliseconds. */
function storeWrites(writes: [ms: number, bytes: string][]) {
  const lines: [number, string][] = [];
  const splitter = new LineSplitter();
  for (const [ms, bytes] of writes)
    splitter.push(Buffer.from(bytes), (text) => lines.push([ms, text]));
  splitter.end((text) => lines.push([writes.at(-1)?.[0] ?? 0, text]));
  return storeAll(lines);
}

describe('bars on several rows', () => {
  const bar = (name: string, percent: number) => `${name}: ${String(percent).padStart(3)}%|`;

  it('are thinned row by row, as one is', () => {
    const writes: [number, string][] = [];
    for (let round = 0; round <= 20; round++) {
      const drawn = ['a', 'b', 'c'].map(
        (name, row) => `${'\n'.repeat(row)}\r${bar(name, round * 5)}${up(row)}`,
      );
      writes.push([round * 50, drawn.join('')]);
    }
    const stored = storeWrites([...writes, [1050, '\n\n\nsaved\n']]);
    expect(stored.at(-1)).toBe('saved');
    for (const name of ['a', 'b', 'c']) {
      const states = stored.filter((text) => text.startsWith(name));
      expect(states.at(-1)).toBe(bar(name, 100));
      expect(states.length).toBeLessThanOrEqual(4);
    }
    expect(stored.every((text) => text === 'saved' || /^[abc]: +\d+%\|$/.test(text))).toBe(true);
  });

  it('of rich are states, and what is printed above them is a line', () => {
    const frame = (n: number) => `Epoch ━━ ${n}%\nBatch ━━ ${n}%`;
    const erase = '\r\u001b[2K\u001b[1A\u001b[2K';
    const stored = storeWrites([
      [0, `\u001b[?25l${frame(0)}`],
      [50, `${erase}${frame(1)}`],
      [100, `${erase}checkpoint saved\n${frame(2)}`],
      [150, `${erase}${frame(3)}`],
      [200, `${erase}${frame(100)}\n\u001b[?25hdone\n`],
    ]);
    expect(stored.filter((text) => !text.includes('━'))).toEqual(['checkpoint saved', 'done']);
    expect(stored.slice(-3)).toEqual(['Epoch ━━ 100%', 'Batch ━━ 100%', 'done']);
    expect(stored.length).toBeLessThanOrEqual(8);
  });

  it('leave a line that tqdm has written among them in its place', () => {
    const wipe = `\r      \r\n\r      \r${up(1)}`;
    const bars = (n: number) => `\r${bar('a', n)}\n\r${bar('b', n)}${up(1)}`;
    const stored = storeWrites([
      [0, bars(1)],
      [20, `${wipe}loss is rising\n${bars(2)}`],
      [40, `${wipe}loss is falling\n${bars(3)}`],
      [60, '\n\n'],
    ]);
    expect(stored.filter((text) => !text.includes('%'))).toEqual([
      'loss is rising',
      'loss is falling',
    ]);
    expect(stored).toContain(bar('a', 3));
    expect(stored).toContain(bar('b', 3));
  });

  it('never swallow a line that another process has printed onto a row of theirs', () => {
    const stored = storeWrites([
      [0, `\r${bar('a', 1)}\n\r${bar('b', 1)}${up(1)}`],
      [10, 'worker has crashed\n'],
      [20, `\r${bar('a', 2)}\n\r${bar('b', 2)}${up(1)}`],
    ]);
    expect(stored.filter((text) => text === 'worker has crashed')).toHaveLength(1);
  });

  it('keep rows that do not change once', () => {
    const table = (n: number) => `name   value\nloss   0.${n}\n`;
    const stored = storeWrites([
      [0, table(1)],
      ...Array.from({ length: 9 }, (_, n): [number, string] => [10 * n, `\u001b[2A${table(n)}`]),
      [2000, 'done\n'],
    ]);
    expect(stored.filter((text) => text.startsWith('name')).length).toBeLessThanOrEqual(2);
    expect(stored).toContain('loss   0.8');
    expect(stored.at(-1)).toBe('done');
  });

  it('are forgotten when nobody goes up any more', () => {
    const first = {
      lines: [`a: 1%\u001b[A`, 'b: 1%'],
      runs: [{ count: 2, time: start, source: null }],
    };
    const quiet = { lines: ['x', 'y'], runs: [{ count: 2, time: start + 9000, source: null }] };
    const drawn = settleRedraw(thinRedraws(noRedraws, first).state, start + 8000).state;
    const { state } = thinRedraws(drawn, quiet);
    expect(thinRedraws(state, quiet).block).toBe(quiet);
  });
});

describe('states that are written over on their row', () => {
  it('by backspaces are states', () => {
    const stored = storeWrites([
      [0, 'Working -'],
      [50, '\b\\'],
      [100, '\b|'],
      [150, '\b/\b done\n'],
    ]);
    expect(stored).toEqual(['Working -', 'Working  done']);
  });

  it('by backspaces over all of it, as Keras does', () => {
    const first = ' 1/2 [=>..] - loss: 0.9';
    const stored = storeWrites([
      [0, first],
      [10, `${'\b'.repeat(first.length)}\r 2/2 [====] - loss: 0.8\n`],
      [20, 'End\n'],
    ]);
    expect(stored).toEqual([first, ' 2/2 [====] - loss: 0.8', 'End']);
  });

  it.each(['\r\u001b[K', '\u001b[2K\r', '\u001b[2K\u001b[G', '\u001b[1G\u001b[0K'])(
    'by %j',
    (over) => {
      expect(
        storeWrites([
          [0, '1%'],
          [10, `${over}2%`],
          [20, `${over}3%\n`],
        ]),
      ).toEqual(['1%', '3%']);
    },
  );

  it('keep their colours', () => {
    expect(storeWrites([[0, '\u001b[32m1%\u001b[0m\r\u001b[32m2%\u001b[0m\n']])).toEqual([
      '\u001b[32m1%\u001b[0m',
      '\u001b[32m2%\u001b[0m',
    ]);
  });
});

it('leaves a text exactly as it is where nothing is drawn again', () => {
  const texts = [
    '\u001b[01;31m\u001b[Kmatch\u001b[m\u001b[K',
    '\u001b[1mbold\u001b[0m',
    'a\tb',
    ' ',
  ];
  const block = { lines: texts, runs: [{ count: 4, time: 1, source: null }] };
  expect(thinRedraws(noRedraws, block).block).toBe(block);
});

describe('which lines are states of a progress bar', () => {
  /** What each stored line is: `.` for a line of no bar, `o` for a state drawn over, `l` for a last one. */
  function marks(...texts: string[]): string {
    const time = (at: number) => start + at * 600;
    let state = noRedraws;
    const runs: LineBlock['runs'] = [];
    texts.forEach((text, at) => {
      const block = { lines: [text], runs: [{ count: 1, time: time(at), source: null }] };
      const thinned = thinRedraws(state, block);
      state = JSON.parse(JSON.stringify(thinned.state));
      runs.push(...thinned.block.runs);
    });
    runs.push(...settleRedraw(state, Infinity).block.runs);
    const letter = { DRAWN_OVER: 'o', LAST: 'l', none: '.' };
    return runs.map(({ count, progress }) => letter[progress ?? 'none'].repeat(count)).join('');
  }
  const tqdm = (percent: number, rest = '') =>
    `Training: ${percent}%|██  | ${percent}/100 [00:01<00:02,  3.00it/s]${rest}`;

  it.each([
    [
      'a bar that ends with its own line',
      ['a', `${tqdm(1)}\r`, `${tqdm(50)}\r`, tqdm(100), 'b'],
      '.ool.',
    ],
    ['a bar that was cancelled on its way', [`${tqdm(1)}\r`, tqdm(50), 'b'], 'ol.'],
    [
      'a bar above which lines are printed',
      [`${tqdm(1)}\r`, 'loss 1', `${tqdm(2)}\r`, 'loss 2', tqdm(3)],
      'o.o..',
    ],
    ['a bar that is wiped', [`${tqdm(100)}\r`, '      \r', 'saved'], 'o.'],
    [
      'an error behind a bar',
      [`${tqdm(1)}\r`, tqdm(50, 'Traceback (most recent call last):'), '  File'],
      'o..',
    ],
    [
      'seconds a step instead of steps a second',
      [`${tqdm(1)}\r`, tqdm(2).replace('it/s', 's/it')],
      'ol',
    ],
    ['a line that only looks like a bar', ['Epoch 3/10', '50% of the data', '100%|██| 3/3'], '...'],
    ['an error that is drawn over', ['ERROR 3/10 failed\r', 'done'], '..'],
    ['words that are drawn over by other words', ['Loading\r', 'Ready\r', 'done'], '...'],
    ['a count that is drawn over by its like', ['step 5\r', 'step 6\r', 'step 7\r'], '.oo'],
  ])('%s', (_what, texts, expected) => {
    expect(marks(...texts)).toBe(expected);
  });

  it('takes what stands when the log ends, and was still held back, for the last state', () => {
    const runs = [{ count: 2, time: start, source: null }];
    const { state } = thinRedraws(noRedraws, { lines: [`${tqdm(1)}\r`, `${tqdm(2)}\r`], runs });
    expect(settleRedraw(state, Infinity).block.runs).toMatchObject([{ progress: 'LAST' }]);
    expect(settleRedraw(state, start + 500).block.runs).toMatchObject([{ progress: 'DRAWN_OVER' }]);
  });

  it('takes the first state that shows the end for the last one, where a bar is one of several rows', () => {
    const up = '\u001b[A\r';
    expect(
      marks('A 0%', `B 0%${up}`, 'A 50%', `B 9%${up}`, 'A 100%', `B 10%${up}`, 'A 100% .'),
    ).toBe('.oooloo');
  });
});
