import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { TrainyardError } from '../core/errors.ts';
import { identityOf, isAlive } from './process-identity.ts';
import { claimRun, readClaim } from './run-files.ts';

/** Makes this process the only server of a data folder. Fails with `CONFLICT` while another one lives. */
export function lockFolder(dataDir: string): Disposable {
  const file = path.join(dataDir, 'server.lock');
  const self = identityOf(process.pid);
  if (self === null) throw new TrainyardError('INTERNAL', 'this process cannot find itself');
  while (!claimRun(file, self)) {
    const owner = readClaim(file);
    if (owner !== null && isAlive(owner)) {
      throw new TrainyardError(
        'CONFLICT',
        `another training server (process ${owner.pid}) uses ${dataDir}`,
      );
    }
    rmSync(file, { force: true }); // of a server that was killed
  }
  const own = readFileSync(file, 'utf8');
  return {
    [Symbol.dispose]: () => {
      if (readFileSync(file, 'utf8') === own) rmSync(file, { force: true });
    },
  };
}
