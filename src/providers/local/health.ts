import { messageOf, TrainyardError } from '../../core/errors.ts';
import type { ProviderHealth } from '../../core/provider.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import { TooSlow } from '../http/deadline.ts';
import type { TrainingServerApi } from './api/api.ts';

/** The result of a health check. */
export interface HealthCheck {
  health: ProviderHealth;
  /** The recipes that the answer named; null where it named none. */
  recipes: readonly string[] | null;
  /** What the answer told of them beyond their names. */
  facts: readonly RecipeFacts[];
}

/**
 * Asks the server for its health. UP means that it answers. DEGRADED means that it refuses, reports a problem of
 * its own or is too busy to answer, as an agent is that trains inside its own process. DOWN means that it cannot be
 * reached or answers with HTTP 5xx. Rejects only with the signal.
 */
export async function checkHealth(
  server: TrainingServerApi,
  signal: AbortSignal,
): Promise<HealthCheck> {
  const checkedAt = Date.now();
  const begun = performance.now();
  try {
    const { recipes, facts, problem } = await server.health(signal);
    const latencyMs = Math.round(performance.now() - begun);
    const message = server.keyRefusal ?? problem;
    const status = message === null ? 'UP' : 'DEGRADED';
    return { health: { status, message, checkedAt, latencyMs }, recipes, facts };
  } catch (error) {
    if (signal.aborted) throw error;
    const status = isThere(error) ? 'DEGRADED' : 'DOWN';
    const message = messageOf(error);
    return { health: { status, message, checkedAt, latencyMs: null }, recipes: null, facts: [] };
  }
}

function isThere(error: unknown): boolean {
  if (!(error instanceof TrainyardError)) return false;
  if (error.code !== 'PROVIDER_UNAVAILABLE') return true;
  const { httpStatus } = error.details;
  return error.cause instanceof TooSlow || (typeof httpStatus === 'number' && httpStatus < 500);
}
