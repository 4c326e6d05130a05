/** A training job that prints `line 0`, `line 1`, … and exits: `node print-job.js CONFIG_FILE`. */
import { readFileSync } from 'node:fs';

const { lines = 10, exit = 0 } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
for (let number = 0; number < lines; number += 1) console.log(`line ${number}`);
process.exitCode = exit;
