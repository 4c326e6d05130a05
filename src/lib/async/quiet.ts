/**
 * What a source yields, and null each time that it has yielded nothing for `quietMs` while it was being
 * waited for. A reader that leaves must see to it that the source's wait ends, such as by a signal.
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
    // Where the reader has left, how the wait for the next value ends concerns nobody any more.
    coming.then(() => values.return?.()).catch(() => {});
  }
}
