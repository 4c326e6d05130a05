/** A training server in a process of its own, which a test can kill: `node standalone.ts OPTIONS`. */
import { flushCompileCache } from 'node:module';
import { openTrainer } from '../../../src/trainer/trainer.ts';
import { quiet } from './harness.ts';

const options = JSON.parse(process.argv[2] ?? '{}');
const trainer = await openTrainer({ ...options, baseEnv: process.env, logger: quiet });
process.once('SIGTERM', () => {
  void trainer.close().then(() => process.exit(0));
});
process.stdout.write(`${trainer.url}\n`);
// Now, since it is going to be killed: the next one starts in half the time.
flushCompileCache();
