import { rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { TrainyardError } from '../../core/errors.ts';
import { identityOf, isGone, type ProcessIdentity } from '../../lib/system/process-identity.ts';
import { claimRun, parseClaim, readClaim, readText } from './run-files.ts';

/** Makes this process the only server of a data folder. Fails with `CONFLICT` while another server uses it. */
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
    // Several servers may find the lock of a killed one. Only one at a time may remove it: another one
    // could remove the new lock of the first. This takeover has a lock, too, which may also be left behind.
    using _ = lock(`${file}.takeover`, dataDir, self);
    if (isStale(file)) rmSync(file, { force: true });
  }
  return {
    [Symbol.dispose]: () => {
      if (isDeepStrictEqual(readClaim(file), self)) rmSync(file, { force: true });
    },
  };
}

/** Reads the lock once. A stale lock stays during a takeover, but a sound one may come and go. */
function isStale(file: string): boolean {
  const text = readText(file);
  if (text === null) return false;
  const owner = parseClaim(text);
  return owner === null || isGone(owner);
}
