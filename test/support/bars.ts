import type { LineRun } from '../../src/core/log.ts';
import type { TestLog } from './server.ts';

const marks = { '.': {}, o: { progress: 'DRAWN_OVER' }, l: { progress: 'LAST' } } as const;

/** Appends lines, each behind a sign of what it is: `.` of no bar, `o` a state drawn over, `l` the last one. */
export async function printBars(log: TestLog, lines: readonly string[]): Promise<void> {
  const runs = lines.map((line): LineRun => {
    const sign = line.charAt(0);
    if (sign !== '.' && sign !== 'o' && sign !== 'l') throw new Error(`no sign: ${line}`);
    return { count: 1, time: Date.now(), source: null, ...marks[sign] };
  });
  await log.append(
    lines.map((line) => line.slice(1)),
    runs,
  );
}
