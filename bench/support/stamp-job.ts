import { setTimeout } from 'node:timers/promises';
import { now } from './lines-source.ts';

// Prints the moment, a line at a time, now and then, for as long as it is let.
for (let line = 0; line < 400; line += 1) {
  await setTimeout(10 + (line % 7));
  console.log(now().toFixed(3));
}
