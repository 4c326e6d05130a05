import { rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TrainyardError } from '../../core/errors.ts';
import { identityOf, isGone, type ProcessIdentity } from '../../lib/system/process-identity.ts';
import { claimRun, parseClaim, readClaim, readText } from './run-files.ts';

/** Makes this process the only server of a data folder. Fails with `CONFLICT` while another one lives. */
export function lockFolder(dataDir: string): Disposable {
  const self = identityOf(process.pid);
  if (self === null) throw new TrainyardError('INTERNAL', 'this process cannot find itself');
  return lock(path.join(dataDir, 'server.lock'), dataDir, self);
}

function lock(file: string, dataDir: string, self: ProcessIdentity): Disposable {
  while (!claimRun(file, self)) {
    const owner = readClaim(file);
    if (owner !== null && !isGone(owner)) {
      throw new TrainyardError(
        'CONFLICT',
        `another Trainyard or training server (process ${owner.pid}) uses ${dataDir}: stop it, or choose another folder`,
      );
    }
    // Of those who meet the lock of a killed server, one at a time may remove it: the others could
    // remove the lock that the first has made since. Whoever is killed meanwhile leaves a lock, too.
    using _ = lock(`${file}.takeover`, dataDir, self);
    if (isStale(file)) rmSync(file, { force: true });
  }
  return {
    [Symbol.dispose]: () => {
      if (isDeepStrictEqual(readClaim(file), self)) rmSync(file, { force: true });
    },
  };
}

/** Read once: nobody else removes a stale lock meanwhile, but one that is not stale may come and go. */
function isStale(file: string): boolean {
  const text = readText(file);
  if (text === null) return false;
  const owner = parseClaim(text);
  return owner === null || isGone(owner);
}
