import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { TrainyardError } from '../../core/errors.ts';

// Beside the database: that there is one, and whether a server was using it. Of one length: written over
// each other in place, they need no room on a full disk.
type Presence = 'in use' | 'closed';

/**
 * Throws where a store was that is not there any more: the file gone or empty, or the write-ahead log of a
 * server that did not close it. Without this, the first start after such a loss would make an empty store,
 * or one without its newest lines, and look well.
 */
export function refuseVanished(path: string): void {
  const presence = read(path);
  if (presence === null) return;
  const marker = markerOf(path);
  if (!existsSync(path) || statSync(path).size === 0) {
    throw vanished(
      `the store ${path} is gone or empty, although there was one. Put it back, or remove ${marker} to begin with an empty store.`,
    );
  }
  if (presence === 'in use' && !existsSync(`${path}-wal`)) {
    throw vanished(
      `the write-ahead log ${path}-wal is gone, although the store was not closed: the newest lines may have been in it. Put it back, or remove ${marker} to go on without.`,
    );
  }
}

/** Notes beside the store that it exists, and that a server uses it or has closed it. */
export function notePresence(path: string, presence: Presence): void {
  if (read(path) === presence) return;
  const file = openSync(markerOf(path), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    writeSync(file, `${presence}\n`, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function markerOf(path: string): string {
  return `${path}.state`;
}

function read(path: string): Presence | null {
  const marker = markerOf(path);
  if (!existsSync(marker)) return null;
  return readFileSync(marker, 'utf8').trim() === 'in use' ? 'in use' : 'closed';
}

function vanished(message: string): TrainyardError {
  return new TrainyardError('STORE_UNAVAILABLE', message);
}
