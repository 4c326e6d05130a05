import { LRUCache } from 'lru-cache';

/** How many keys are remembered. The key that was used longest ago is forgotten first. */
const maxKeys = 1000;

/** Remembers values of the last thousand keys, for things such as jobs or pods that nobody says when to forget. */
export function recent<Value extends object | string | true>(): LRUCache<string, Value> {
  // The bound is a size because `max` would allocate the room for all keys at once.
  return new LRUCache({ maxSize: maxKeys, sizeCalculation: () => 1 });
}
