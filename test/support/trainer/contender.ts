/** A process that wants a data folder whenever its parent says so, at the very moment that is named. */
import { messageOf } from '../../../src/core/errors.ts';
import { lockFolder } from '../../../src/trainer/disk/lock.ts';

let held: Disposable | undefined;

process.on('message', ({ dataDir, at }: { dataDir: string; at: number }) => {
  held?.[Symbol.dispose]();
  held = undefined;
  while (Date.now() < at); // to be as simultaneous as can be
  try {
    held = lockFolder(dataDir);
    process.send?.('took it');
  } catch (error) {
    process.send?.(messageOf(error));
  }
});
process.send?.('ready');
