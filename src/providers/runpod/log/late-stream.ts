import { waitMs } from '../../../lib/async/wait.ts';

/** A stream that RunPod may not have answered yet, because it may answer only with the first line of a log. */
export interface LateStream {
  /** The bytes, which must be read at once. Reading throws where the answer comes late and is a refusal. */
  chunks: AsyncIterable<Uint8Array>;
  /** True once the answer has come. */
  readonly isOpen: boolean;
}

/**
 * Opens a stream. Rejects where it is refused within `soonMs`. A stream without an answer until then is taken for a
 * silent one.
 */
export async function openLate(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
  { soonMs, signal }: { soonMs: number; signal: AbortSignal },
): Promise<LateStream> {
  const opening = open(signal);
  const waiting = new AbortController();
  try {
    const first = await Promise.race([opening, waitMs(soonMs, waiting.signal)]);
    if (typeof first !== 'boolean') return { chunks: first, isOpen: true };
  } finally {
    waiting.abort();
  }
  // A reader that leaves early ends the call by the signal, and then nobody awaits the rejection.
  opening.catch(() => {});
  let isOpen = false;
  async function* late(): AsyncGenerator<Uint8Array, void> {
    const chunks = await opening;
    isOpen = true;
    yield* chunks;
  }
  return {
    chunks: late(),
    get isOpen() {
      return isOpen;
    },
  };
}
