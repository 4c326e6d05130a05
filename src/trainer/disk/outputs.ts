import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '../../core/errors.ts';

/** The most files in one list, and the most folders that are searched for it. */
const maxFiles = 10_000;
const maxFolders = 10_000;

export interface OutputFile {
  /** Relative to the output folder, with slashes. */
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** The files that a job has made, sorted by path, without links. `truncated` says that there may be more. */
export async function listOutputs(
  folder: string,
): Promise<{ files: OutputFile[]; truncated: boolean }> {
  const files: OutputFile[] = [];
  const waiting = [''];
  let truncated = false;
  for (let looked = 0; waiting.length > 0 && !truncated; looked += 1) {
    const within = waiting.pop() ?? '';
    for (const entry of await entriesOf(path.join(folder, within))) {
      const name = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(name);
      if (!entry.isFile()) continue;
      const file = await fileAt(folder, name);
      if (file !== null) files.push(file);
      truncated = files.length >= maxFiles;
      if (truncated) break;
    }
    truncated ||= looked >= maxFolders;
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, truncated };
}

/**
 * Opens one file of a job's output by its path in the list. Fails with `NOT_FOUND` if there is no such
 * file, and for any path that uses a link or leads out of the folder.
 */
export async function openOutput(
  folder: string,
  name: string,
): Promise<{ handle: FileHandle; file: OutputFile }> {
  const missing = new TrainyardError('NOT_FOUND', `the job has no output ${JSON.stringify(name)}`);
  const isSafe = name
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part));
  if (!isSafe) throw missing;
  const file = path.join(folder, name);
  let handle: FileHandle;
  try {
    if ((await realpath(file)) !== path.join(await realpath(folder), name)) throw missing;
    // Without O_NONBLOCK, opening a named pipe would wait for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause === missing || isGone(cause)) throw missing;
    throw cause;
  }
  const found = await handle.stat();
  if (found.isFile()) {
    return { handle, file: { path: name, bytes: found.size, modified: found.mtimeMs } };
  }
  await handle.close();
  throw missing;
}

/** The entries of a folder; none if it does not exist. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function fileAt(folder: string, name: string): Promise<OutputFile | null> {
  try {
    const { size, mtimeMs } = await lstat(path.join(folder, name));
    return { path: name, bytes: size, modified: mtimeMs };
  } catch (error) {
    if (isGone(error)) return null; // it was removed while the list was made
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'].includes(String(code));
}
