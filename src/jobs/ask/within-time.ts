import { TrainyardError } from '../../core/errors.ts';

/** How long a provider may take for what a caller waits for. */
const timeoutMs = 10_000;

/** What the provider answers; `PROVIDER_UNAVAILABLE` where that takes too long. `task` completes "did not …". */
export async function withinTime<T>(
  task: string,
  ask: (signal: AbortSignal) => Promise<T>,
  ms = timeoutMs,
): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  try {
    return await ask(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TrainyardError(
      'PROVIDER_UNAVAILABLE',
      `The provider did not ${task} within ${ms / 1000} s; it may still do so. Try again.`,
      { cause: error },
    );
  }
}
