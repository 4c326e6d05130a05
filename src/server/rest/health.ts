import { messageOf } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { Access } from '../checks/access.ts';

export interface HealthOptions {
  access: Pick<Access, 'identify'>;
  store: Pick<Store, 'check'>;
  providers: Pick<Providers, 'list' | 'lastHealth'>;
  /** True once the server has begun to stop. */
  closing: () => boolean;
}

/**
 * Answers `/health/ready`: 200 when the server can take work, which is when the store can be written and every
 * provider has been asked for its health; 503 until then, and while the server stops. Anyone may ask, but
 * only those who may use the server learn what is wrong, with names and addresses.
 */
export async function readiness(
  { access, store, providers, closing }: HealthOptions,
  authorization: string | undefined,
): Promise<{ httpStatus: 200 | 503; body: object }> {
  const stored = await store.check().then(
    () => 'ok',
    (error: unknown) => messageOf(error),
  );
  const states = providers.list().map(({ name }) => {
    const health = providers.lastHealth(name);
    return { name, status: health?.status ?? 'UNKNOWN', message: health?.message ?? null };
  });
  const unknown = states.some(({ status }) => status === 'UNKNOWN');
  const ready = stored === 'ok' && !unknown && !closing();
  const status = closing() ? 'stopping' : ready ? 'ok' : 'unavailable';
  const mayKnow = access.identify(authorization) !== null;
  const body = mayKnow ? { status, store: stored, providers: states } : { status };
  return { httpStatus: ready ? 200 : 503, body };
}
