import { messageOf, TrainyardError } from '../../core/errors.ts';
import type { ProviderHealth } from '../../core/provider.ts';
import { TooSlow } from '../http/deadline.ts';
import type { TrainingServerApi } from './api/api.ts';

/** A health check, and the recipes that the answer named: null where it named none. */
export interface HealthCheck {
  health: ProviderHealth;
  recipes: readonly string[] | null;
}

/**
 * Asks the server how it is. UP: it answers. DEGRADED: it is there, but refuses, says that it is not
 * well, or is busy (an agent that trains inside its own process is silent meanwhile). DOWN: it cannot be reached or is failing.
 * Rejects only with the signal.
 */
export async function checkHealth(
  server: TrainingServerApi,
  signal: AbortSignal,
): Promise<HealthCheck> {
  const checkedAt = Date.now();
  const begun = performance.now();
  try {
    const { recipes, ailment } = await server.health(signal);
    const latencyMs = Math.round(performance.now() - begun);
    const message = server.keyRefusal ?? ailment;
    const status = message === null ? 'UP' : 'DEGRADED';
    return { health: { status, message, checkedAt, latencyMs }, recipes };
  } catch (error) {
    if (signal.aborted) throw error;
    const status = isThere(error) ? 'DEGRADED' : 'DOWN';
    const message = messageOf(error);
    return { health: { status, message, checkedAt, latencyMs: null }, recipes: null };
  }
}

function isThere(error: unknown): boolean {
  if (!(error instanceof TrainyardError)) return false;
  if (error.code !== 'PROVIDER_UNAVAILABLE') return true;
  const { httpStatus } = error.details;
  return error.cause instanceof TooSlow || (typeof httpStatus === 'number' && httpStatus < 500);
}
