import type { LogBatch } from '../../core/provider.ts';

/** What is gathered is handed on at the latest when it holds so many lines, or so much text in UTF-16 units. */
const maxGatheredLines = 1000;
const maxGatheredChars = 256 * 1024;

/**
 * The batches of a log, those that come within `pauseMs` of each other as one: to store a batch costs the
 * same for one line as for fifty. Zero hands each on at once. An end, or a line in the making, waits for nothing.
 */
export async function* gather(
  source: AsyncIterable<LogBatch>,
  pauseMs: () => number,
): AsyncGenerator<LogBatch, void, undefined> {
  const batches = source[Symbol.asyncIterator]();
  let coming = batches.next();
  try {
    for (;;) {
      const first = await coming;
      if (first.done) return;
      let batch = first.value;
      coming = batches.next();
      const ms = isFull(batch) ? 0 : pauseMs();
      if (ms > 0) {
        const pause = Promise.withResolvers<null>();
        const timer = setTimeout(() => pause.resolve(null), ms);
        while (!isFull(batch)) {
          // How the source fails is told once what it has brought is handed on.
          const next = await Promise.race([coming.catch(() => null), pause.promise]);
          if (!next || next.done || next.value.unfinished) break;
          batch = joined(batch, next.value);
          coming = batches.next();
        }
        clearTimeout(timer);
      }
      yield batch;
    }
  } finally {
    // Where the reader has left, how the wait for the next batch ends concerns nobody any more.
    coming.catch(() => {});
    await batches.return?.();
  }
}

function isFull({ texts, ended, unfinished }: LogBatch): boolean {
  if (ended || unfinished || texts.length >= maxGatheredLines) return true;
  return texts.reduce((sum, text) => sum + text.length, 0) >= maxGatheredChars;
}

function joined(batch: LogBatch, next: LogBatch): LogBatch {
  const moved = next.gaps?.map((gap) => ({ ...gap, before: batch.texts.length + gap.before }));
  const gaps = [...(batch.gaps ?? []), ...(moved ?? [])];
  return {
    ...next,
    texts: [...batch.texts, ...next.texts],
    runs: [...batch.runs, ...next.runs],
    ...(gaps.length > 0 ? { gaps } : {}),
  };
}
