import { existsSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

// Prints numbered lines in bursts of any size, often cut in the middle, until the file that its
// config names is there (or a quarter of an hour is over, should nobody come to end it). The last line
// says how many there were.
const { stop } = JSON.parse(readFileSync(process.env.JOB_CONFIG ?? '', 'utf8'));
let line = 0;
let seed = 7;
const random = (below: number) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed % below;
};

while (!existsSync(stop) && performance.now() < 15 * 60_000) {
  let burst = '';
  for (let left = random(30); left >= 0; left -= 1) {
    burst += `line ${line} é€😀 ${'x'.repeat(line % 97)}\n`;
    line += 1;
  }
  const cut = random(burst.length);
  writeSync(1, burst.slice(0, cut));
  await setTimeout(1 + random(50));
  writeSync(1, burst.slice(cut));
}
writeSync(1, `end ${line}\n`);
process.exit(7);
