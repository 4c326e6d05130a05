import { pulled, type Source } from './pulled.ts';

/**
 * An async iterable whose `return()` works at once, even while its source waits: it aborts the signal that
 * `start` was given, then asks the source to end. A plain async generator that waits in an `await` would not
 * notice that its reader has left. `next()` calls are answered in order.
 */
export function abortable<T>(
  start: (signal: AbortSignal) => Source<T>,
): AsyncGenerator<T, void, undefined> {
  const controller = new AbortController();
  const source = start(controller.signal);
  return pulled({
    next: () => source.next(),
    return() {
      controller.abort();
      return source.return();
    },
  });
}
