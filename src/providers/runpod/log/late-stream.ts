import { waitMs } from '../../../lib/async/wait.ts';

/** A stream that is answered, or may yet be: a log without a line may have no answer before its first one. */
export interface LateStream {
  /** To be read at once; throws what the answer is where it comes late and is a refusal. */
  chunks: AsyncIterable<Uint8Array>;
  /** The answer has come. */
  readonly isOpen: boolean;
}

/**
 * Opens a stream. Rejects where it is refused within `soonMs`; one that is not answered until then counts
 * as a silent one.
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
  // Whoever leaves before the answer ends the call by the signal, and then nobody reads how it ended.
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
