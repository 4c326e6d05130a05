import { constants, setPriority } from 'node:os';
import { attacks } from './attacks.ts';

// One attack, in a process of its own that goes on until it is told to leave. It gives way to the server and
// to whoever is watched: where there are few processors, they would else wait for this one.
const [what = '', url = '', jobId = '', lineCount = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
setPriority(constants.priority.PRIORITY_LOW);
await attacks[what]?.({ url, jobId, lineCount: Number(lineCount) });
process.send?.('begun');
