import { Hono } from 'hono';
import { messageOf } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { Providers } from '../jobs/providers.ts';

export interface HealthOptions {
  store: Store;
  providers: Providers;
  /** True once the server has begun to stop. */
  closing: () => boolean;
}

/**
 * `/health/live`: the process answers. `/health/ready`: it can take work, which is when the store can
 * be written and every provider has been asked how it is (503 until then, and while stopping).
 */
export function healthRoutes({ store, providers, closing }: HealthOptions): Hono {
  const app = new Hono();
  app.get('/live', (c) => c.json({ status: 'ok' }));
  app.get('/ready', async (c) => {
    const stored = await store.check().then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    const states = providers.list().map(({ name }) => {
      const health = providers.lastHealth(name);
      return { name, status: health?.status ?? 'UNKNOWN', message: health?.message ?? null };
    });
    const unknown = states.some(({ status }) => status === 'UNKNOWN');
    const ready = stored === null && !unknown && !closing();
    const body = {
      status: ready ? 'ok' : 'unavailable',
      store: stored === null ? 'ok' : stored,
      providers: states,
      ...(closing() ? { message: 'the server is stopping' } : {}),
    };
    return c.json(body, ready ? 200 : 503);
  });
  return app;
}
