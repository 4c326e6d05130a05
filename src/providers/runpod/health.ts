import { codeOf, messageOf } from '../../core/errors.ts';
import type { ProviderHealth } from '../../core/provider.ts';
import type { RunPodApi } from './api/api.ts';

/**
 * Asks RunPod for the account's pods, which shows that RunPod can be reached and accepts the key. The status is DOWN
 * where this fails, and DEGRADED where the rate limit is used up. Rejects only with the signal.
 */
export async function checkHealth(api: RunPodApi, signal: AbortSignal): Promise<ProviderHealth> {
  const checkedAt = Date.now();
  const begun = performance.now();
  try {
    await api.ping(signal);
    const latencyMs = Math.round(performance.now() - begun);
    return { status: 'UP', message: null, checkedAt, latencyMs };
  } catch (error) {
    if (signal.aborted) throw error;
    const status = codeOf(error) === 'RATE_LIMITED' ? 'DEGRADED' : 'DOWN';
    return { status, message: messageOf(error), checkedAt, latencyMs: null };
  }
}
