import { setTimeout as delay } from 'node:timers/promises';

/** Waits. Resolves to true when the time is over, and to false as soon as the signal is aborted. */
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
