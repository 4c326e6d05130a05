import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkedKey } from '../config/environment.ts';
import { makeFolder } from '../lib/system/make-folder.ts';

/** A training server's key, and the file that keeps it. */
export interface KeptKey {
  key: string;
  file: string;
}

/**
 * The key in a training server's data folder, which only its owner can read: `given`, which it then keeps, or the one
 * that it has, or a new one.
 */
export function keepKey(dataDir: string, given: string | null = null): KeptKey {
  const file = join(dataDir, 'api-key');
  const known = read(file);
  if (known !== null && (given === null || given === known)) return { key: known, file };
  makeFolder(dataDir);
  const key = given ?? randomBytes(24).toString('base64url');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${key}\n`, { mode: 0o600, flush: true });
  if (given !== null) {
    renameSync(own, file);
    return { key, file };
  }
  try {
    linkSync(own, file);
    return { key, file };
  } catch (error) {
    // Another start was faster, and whoever saw its key must be able to use it.
    const theirs = read(file);
    if (theirs === null) throw error;
    return { key: theirs, file };
  } finally {
    rmSync(own, { force: true });
  }
}

function read(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return checkedKey(text, file);
}
