import { findFailure } from '../src/lines/failure.ts';
import { levelOf } from '../src/lines/level.ts';
import { MetricsReader } from '../src/lines/metrics.ts';
import { LineSplitter } from '../src/lines/split.ts';
import { type BenchRow, median } from './row.ts';

const lineCount = 200_000;

/** So many of a failed job's last lines are searched for the reason. */
const endLines = 3000;

/** What a log tells, read line by line: levels, metrics and progress, and why a job failed, beside cutting the same bytes into lines. */
export function readingRows(options: { turns: number }): Promise<BenchRow[]> {
  return Promise.resolve([
    row(
      'read a training log (one line in ten has metrics, one is a bar)',
      mixed,
      options.turns,
      1e6,
    ),
    row('read a log in which each line has metrics', (n) => metrics(n), options.turns, 0.15e6),
    failureRow(options.turns),
  ]);
}

function failureRow(turns: number): BenchRow {
  const end = { exitCode: 1, signal: null };
  const failing = (n: number) => (n % endLines < endLines - 5 ? mixed(n) : (trace[n % 5] ?? ''));
  const read = (lines: readonly string[]) => {
    let found = 0;
    for (let at = 0; at < lines.length; at += endLines) {
      if (findFailure(lines.slice(at, at + endLines), end)?.what != null) found += 1;
    }
    return found;
  };
  return rowOf('find why a job failed, in its last 3000 lines', failing, read, turns, 1e6);
}

const trace = [
  'Traceback (most recent call last):',
  '  File "/srv/app/train.py", line 7, in <module>',
  '    main()',
  'ValueError: the validation set is empty',
  'wandb: Find logs at: ./wandb/run-7/logs',
];

function row(what: string, line: (n: number) => string, turns: number, atLeast: number): BenchRow {
  const read = (lines: readonly string[]) => {
    const reader = new MetricsReader();
    let levels = 0;
    for (const [at, text] of lines.entries()) {
      reader.read(text, 0, at);
      if (levelOf(text) !== null) levels += 1;
    }
    return levels;
  };
  return rowOf(what, line, read, turns, atLeast);
}

function rowOf(
  what: string,
  line: (n: number) => string,
  readAll: (lines: readonly string[]) => number,
  turns: number,
  atLeast: number,
): BenchRow {
  const lines = Array.from({ length: lineCount }, (_, n) => line(n));
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const ours: number[] = [];
  const peer: number[] = [];
  for (let turn = 0; turn <= turns; turn += 1) {
    const read = timed(() => readAll(lines));
    const cut = timed(() => {
      let cuts = 0;
      new LineSplitter().push(bytes, () => {
        cuts += 1;
      });
      return cuts;
    });
    // The first turn compiles.
    if (turn === 0) continue;
    ours.push(read);
    peer.push(cut);
  }
  const rate = median(ours);
  return {
    what,
    ours: rate,
    peer: median(peer),
    unit: 'lines/s',
    peerName: 'cutting the same bytes into lines',
    ratio: rate / median(peer),
    target: `≥ ${atLeast.toLocaleString('en')} lines/s`,
    met: rate >= atLeast,
  };
}

function timed(work: () => number): number {
  const startedAt = performance.now();
  if (work() < 0) throw new Error('nothing was read');
  return (lineCount / (performance.now() - startedAt)) * 1000;
}

function mixed(n: number): string {
  if (n % 10 === 0) return metrics(n);
  if (n % 10 === 5) {
    const step = n % 3000;
    return ` ${Math.floor(step / 30)}%|███▌      | ${step}/3000 [00:10<01:30,  3.00it/s]\r`;
  }
  return `2026-03-01 10:00:${n % 60},123 - trainer - INFO - worker ${n % 8} has read shard ${n} of the data set`;
}

function metrics(n: number): string {
  return `{'loss': ${(3 - (n % 1000) / 500).toFixed(4)}, 'grad_norm': 1.25, 'learning_rate': 4.9e-05, 'epoch': ${n / lineCount}}`;
}
