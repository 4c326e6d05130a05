import { LRUCache } from 'lru-cache';

/** So many keys are remembered; the one that was used longest ago is forgotten first. */
const maxKeys = 1000;

/** What is known of the last thousand things: of jobs or pods, say, of which nobody says when to forget them. */
export function recent<Value extends object | string | true>(): LRUCache<string, Value> {
  // By size, not by `max`: that would set the room for all of them aside at once.
  return new LRUCache({ maxSize: maxKeys, sizeCalculation: () => 1 });
}
