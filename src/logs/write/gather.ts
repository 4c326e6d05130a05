import type { LogBatch } from '../../core/provider.ts';

/** A gathered batch is handed on at once when it holds this many lines, or this much text in UTF-16 units. */
const maxGatheredLines = 1000;
const maxGatheredChars = 256 * 1024;

/**
 * Joins the batches of a log that come within `pauseMs` of the first, because storing a batch costs the same
 * for one line as for fifty. With zero it hands each one on at once. The log's end and an unfinished line never wait.
 */
export async function* gather(
  source: AsyncIterable<LogBatch>,
  pauseMs: () => number,
): AsyncGenerator<LogBatch, void, undefined> {
  const batches = source[Symbol.asyncIterator]();
  const next = () => {
    const coming = batches.next();
    // It may fail while the batch before it is being stored: an error that nobody waits for yet would end the process.
    coming.catch(() => {});
    return coming;
  };
  let coming = next();
  try {
    for (;;) {
      const first = await coming;
      if (first.done) return;
      let batch = first.value;
      coming = next();
      const ms = isFull(batch) ? 0 : pauseMs();
      if (ms > 0) {
        const pause = Promise.withResolvers<null>();
        const timer = setTimeout(() => pause.resolve(null), ms);
        while (!isFull(batch)) {
          // An error of the source is thrown only after the lines that came before it were handed on.
          const more = await Promise.race([coming.catch(() => null), pause.promise]);
          if (!more || more.done || more.value.unfinished) break;
          batch = joined(batch, more.value);
          coming = next();
        }
        clearTimeout(timer);
      }
      yield batch;
    }
  } finally {
    await batches.return?.();
  }
}

function isFull({ lines, ended, unfinished }: LogBatch): boolean {
  if (ended || unfinished || lines.length >= maxGatheredLines) return true;
  return lines.reduce((sum, text) => sum + text.length, 0) >= maxGatheredChars;
}

function joined(batch: LogBatch, next: LogBatch): LogBatch {
  const moved = next.gaps?.map((gap) => ({ ...gap, before: batch.lines.length + gap.before }));
  const gaps = [...(batch.gaps ?? []), ...(moved ?? [])];
  return {
    ...next,
    lines: [...batch.lines, ...next.lines],
    runs: [...batch.runs, ...next.runs],
    ...(gaps.length > 0 ? { gaps } : {}),
  };
}
