import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { isLoopback } from '../../lib/system/loopback.ts';
import { refuse } from './error-answer.ts';

/**
 * Keeps web pages out. Any request with an `Origin` is refused with 403. A server on loopback also
 * refuses, with 421, a `Host` that is not loopback: a page may have rebound a name to this machine.
 */
export function refuseBrowsers(options: { loopback: boolean }): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (options.loopback && !isLoopback(host.replace(/:\d+$/, ''))) {
      return refuse(c, 421, 'FORBIDDEN', `this server does not answer for the host "${host}"`);
    }
    if (c.req.header('origin') !== undefined) {
      return refuse(c, 403, 'FORBIDDEN', 'requests of web pages are refused');
    }
    await next();
  };
}

/** Returns a function that says whether a request carries the key. Its time does not depend on the key that was sent. */
export function createKeyCheck(apiKey: string | null): (c: Context) => boolean {
  if (apiKey === null) return () => true;
  const expected = digest(`Bearer ${apiKey}`);
  return (c) => timingSafeEqual(digest(c.req.header('authorization') ?? ''), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
