/** A training job that prints `line 0`, `line 1`, … and exits: `node print-job.ts CONFIG_FILE`. */
import { readFileSync } from 'node:fs';

const config: { lines?: number; exit?: number } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
for (let number = 0; number < (config.lines ?? 10); number += 1) console.log(`line ${number}`);
process.exitCode = config.exit ?? 0;
