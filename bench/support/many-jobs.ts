import { readFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import type { Store } from '../../src/core/store.ts';
import { MetricsReader } from '../../src/lines/metrics.ts';

/**
 * Appends what so many live jobs print, line by line, half of it with metrics, at the pace at which it comes. Tells
 * the bytes of the text and those that this process has written meanwhile. Linux only.
 */
export async function appendManyJobs(
  store: Store,
  ids: readonly string[],
  { linesPerSecond, seconds }: { linesPerSecond: number; seconds: number },
): Promise<{ textBytes: number; writtenBytes: number }> {
  const gapMs = 1000 / linesPerSecond;
  const startedAt = performance.now();
  const writtenBefore = writtenBytes();
  let textBytes = 0;
  const print = async (jobId: string, at: number) => {
    const lease = await store.leases.claim(jobId);
    if (lease === null) throw new Error('a new job has no free lease');
    const reader = new MetricsReader();
    for (let line = 0; line < seconds * linesPerSecond; line += 1) {
      const due = startedAt + (line + at) * gapMs - performance.now();
      if (due > 1) await rest(due);
      const text = lineOf(line);
      textBytes += text.length + 1;
      const time = Date.now();
      const metrics = reader.read(text, time, line);
      await store.logs.append(lease, {
        lines: [text],
        runs: [{ count: 1, time, source: 'STDOUT' }],
        cursor: `${line}`,
        collectorState: JSON.stringify({ metrics: reader.state() }),
        metrics,
        isUnhurried: true,
      });
    }
  };
  await Promise.all(ids.map((id, index) => print(id, index / ids.length)));
  return { textBytes, writtenBytes: writtenBytes() - writtenBefore };
}

function lineOf(line: number): string {
  return line % 2 === 0
    ? `step ${line}/100000 loss: ${(2 / Math.sqrt(line + 1)).toFixed(4)} lr: 0.00012 grad_norm: 1.2${line % 100} accuracy: 0.${line % 1000}`
    : `2026-11-26 19:00:00 INFO worker 3 fetched batch ${line} in 12 ms from shard 17 of the data set, the next one is due`;
}

function writtenBytes(): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
