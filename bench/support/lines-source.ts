import { setTimeout } from 'node:timers/promises';

/** A process that was held up catches up in batches of so many lines. */
const maxBatch = 1000;
/** The pace at which a training server looks at a growing log. */
const everyMs = 5;

/**
 * Hands out `perSecond` lines a second, as a training server does every few milliseconds, until the signal is aborted. Each
 * line begins with the moment it was made (milliseconds since 1970) and is about 118 bytes long.
 */
export async function produceLines(
  perSecond: number,
  print: (lines: string[]) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  let made = 0;
  while (!signal.aborted) {
    await setTimeout(everyMs);
    const behind = Math.floor(((performance.now() - startedAt) / 1000) * perSecond) - made;
    const due = Math.min(behind, maxBatch);
    if (due === 0) continue;
    const stamp = now().toFixed(3);
    const lines: string[] = [];
    for (let index = 0; index < due; index += 1) {
      lines.push(
        `${stamp} {'loss': 1.2345, 'grad_norm': 0.987654, 'learning_rate': 4.9e-05, 'epoch': 0.1234, 'step': ${made + index}}`,
      );
    }
    made += due;
    await print(lines);
  }
}

/** Milliseconds since 1970 with fractions, the same in every process of this machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
