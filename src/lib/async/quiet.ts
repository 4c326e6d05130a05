/**
 * Yields what the source yields, and null each time that the reader has waited for `quietMs` without a value.
 * A reader that leaves must end the source's wait itself, for example with a signal.
 */
export async function* withQuiet<T>(
  source: AsyncIterable<T>,
  quietMs: number,
): AsyncGenerator<T | null, void, undefined> {
  const values = source[Symbol.asyncIterator]();
  let coming = values.next();
  try {
    for (;;) {
      const quiet = Promise.withResolvers<null>();
      const timer = setTimeout(() => quiet.resolve(null), quietMs);
      const first = await Promise.race([coming, quiet.promise]).finally(() => clearTimeout(timer));
      if (first === null) {
        yield null;
        continue;
      }
      if (first.done) return;
      yield first.value;
      coming = values.next();
    }
  } finally {
    // The reader has left, so an error of the value it waited for concerns nobody.
    coming.then(() => values.return?.()).catch(() => {});
  }
}
