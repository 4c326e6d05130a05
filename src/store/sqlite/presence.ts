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

// A file beside the database records that there is one, and whether a server uses it. Both words have the same
// length, so that one is written over the other even on a full disk.
type Presence = 'in use' | 'closed';

/** Throws where a store existed and is now missing or empty, because a new empty one would hide the loss. */
export function refuseVanished(path: string): void {
  if (read(path) === null || (existsSync(path) && statSync(path).size > 0)) return;
  throw new TrainyardError(
    'STORE_UNAVAILABLE',
    `the store ${path} is gone or empty, although there was one. Put it back, or remove ${markerOf(path)} to begin with an empty store.`,
  );
}

/**
 * Whether a server left a write-ahead log that is not there any more. Whoever opened the database since has
 * moved it into the file; else the newest changes are lost.
 */
export function lacksWal(path: string): boolean {
  return read(path) === 'in use' && !existsSync(`${path}-wal`);
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
