import { setTimeout as delay } from 'node:timers/promises';

/** Waits; resolves to false at once when the signal is aborted, to true when the time is over. */
export async function waitMs(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
