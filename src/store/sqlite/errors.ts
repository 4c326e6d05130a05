import Sqlite from 'better-sqlite3';
import { messageOf, TrainyardError } from '../../core/errors.ts';

/** Whether another connection holds a lock: the same work may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error).startsWith('SQLITE_LOCKED');
}

/** Whether SQLite says that the file's content is not a sound database. */
export function isDamage(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_CORRUPT') || codeOf(error).startsWith('SQLITE_NOTADB');
}

/** Whether SQLite found other tables than a statement names, or a format it does not know: in a store, that is damage. */
export function isWrongTable(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_ERROR';
}

/** Turns failures of the file, the disk or a lock into `STORE_UNAVAILABLE`, and returns any other error as it is. */
export function translate(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (isBusy(error)) return unavailable(`the store ${path} is locked by another process`, error);
  if (isDamage(error)) return damaged(path, error);
  if (code.startsWith('SQLITE_FULL')) return unavailable(`no room for the store ${path}`, error);
  if (/^SQLITE_(IOERR|READONLY|CANTOPEN|NOMEM|PERM|PROTOCOL)/.test(code)) {
    return unavailable(`the store ${path} cannot be read or written (${code})`, error);
  }
  return error;
}

/** The refusal of a file that is damaged or no database. */
export function damaged(path: string, cause: unknown): TrainyardError {
  const detail = messageOf(cause).replace(/\s+/g, ' ');
  return unavailable(
    `the store ${path} is damaged (${detail}): it was left as it is, restore it from a backup or move it away`,
    cause,
  );
}

/** What was written may be in the system's cache alone: the disk did not take it. */
export function unwritable(path: string, cause: unknown): TrainyardError {
  return unavailable(`the store ${path} cannot be brought to the disk: ${messageOf(cause)}`, cause);
}

export function closedError(path: string): TrainyardError {
  return unavailable(`the store ${path} is closed`, undefined);
}

function unavailable(message: string, cause: unknown): TrainyardError {
  return new TrainyardError('STORE_UNAVAILABLE', message, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Sqlite.SqliteError ? error.code : '';
}
