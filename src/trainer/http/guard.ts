import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { isLoopback } from '../../lib/system/loopback.ts';
import { refuse } from './error-answer.ts';

/**
 * Keeps web pages out: any `Origin` is refused with 403, and on loopback so is, with 421, a `Host`
 * that is not loopback, which a rebound name would be.
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

/** Tells whether a request carries the key, in a time that does not depend on how much of it is right. */
export function createKeyCheck(apiKey: string | null): (c: Context) => boolean {
  if (apiKey === null) return () => true;
  const expected = digest(`Bearer ${apiKey}`);
  return (c) => timingSafeEqual(digest(c.req.header('authorization') ?? ''), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
