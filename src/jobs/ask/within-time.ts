import { TrainyardError } from '../../core/errors.ts';

/** How long a provider may take while a caller waits. */
const timeoutMs = 10_000;

/**
 * Resolves to the provider's answer. Throws `PROVIDER_UNAVAILABLE` where that takes longer than `ms` (10 s by
 * default); `task` completes "The provider did not …" in its message.
 */
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
