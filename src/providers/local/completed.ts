/**
 * Runs a task for every item, at most `atOnce` at a time, and yields each result as soon as it is there. So a slow
 * task delays no other's result. Tasks must not reject.
 */
export async function* asCompleted<T, R>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const waiting = items.entries();
  const running = new Map<number, Promise<[number, R]>>();
  for (;;) {
    while (running.size < atOnce) {
      const next = waiting.next();
      if (next.done) break;
      const [index, item] = next.value;
      running.set(
        index,
        task(item).then((result) => [index, result]),
      );
    }
    if (running.size === 0) return;
    const [index, result] = await Promise.race(running.values());
    running.delete(index);
    yield result;
  }
}
