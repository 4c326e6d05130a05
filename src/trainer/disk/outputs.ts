import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '../../core/errors.ts';
import { isOutputPath } from '../../core/output.ts';

/** The most folders that are searched for one list. */
const maxFolders = 10_000;

export interface OutputFile {
  /** Relative to the output folder, with slashes. */
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/**
 * The files that a job has made, folder by folder and each folder by name, without links: at most `limit` of them,
 * those after the path `after`. `truncated` says that there may be more.
 */
export async function listOutputs(
  folder: string,
  { limit, after = null }: { limit: number; after?: string | null },
): Promise<{ files: OutputFile[]; truncated: boolean }> {
  const files: OutputFile[] = [];
  const search = { folder, foldersLeft: maxFolders };
  for await (const name of filesIn(search, '', after?.split('/') ?? [])) {
    if (files.length === limit) return { files, truncated: true };
    const file = await fileAt(folder, name);
    if (file !== null) files.push(file);
  }
  return { files, truncated: search.foldersLeft < 0 };
}

/** The paths of the files in the folder `within`, from behind the path `after` on, which starts there; empty for all. */
async function* filesIn(
  search: { folder: string; foldersLeft: number },
  within: string,
  after: readonly string[],
): AsyncGenerator<string> {
  search.foldersLeft -= 1;
  if (search.foldersLeft < 0) return;
  const [first = '', ...rest] = after;
  const entries = await entriesOf(path.join(search.folder, within));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name < first) continue;
    const name = within === '' ? entry.name : `${within}/${entry.name}`;
    const isPassed = entry.name === first;
    if (entry.isDirectory()) yield* filesIn(search, name, isPassed ? rest : []);
    else if (entry.isFile() && !isPassed) yield name;
  }
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
  if (!isOutputPath(name)) throw missing;
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
