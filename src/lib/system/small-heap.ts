import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from letting garbage pile up: by itself it lets the heap of a busy server grow to three times
 * what is in use before it looks for what is not. Looked up at each decision, so it may be set while
 * the program runs.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40');
}
