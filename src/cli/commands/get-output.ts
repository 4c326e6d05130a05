import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isOutputPath } from '../../core/output.ts';
import type { CommandContext } from '../context.ts';
import { download } from '../download/download.ts';
import { CommandError, exitCode } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { formatBytes } from '../screen/bytes.ts';
import { visible } from '../screen/visible.ts';
import { findJob } from '../server/find-job.ts';

/** The shortest time between two states of the status line, in milliseconds. */
const drawEveryMs = 200;

export interface GetOptions {
  /** A file or a folder here; by default the file's own name in the working folder. */
  to?: string;
  /** True to replace a file that is there already. */
  force?: boolean;
}

/** Fetches a file that a job has made, checks it, and prints where it is. The same command goes on where it was stopped. */
export async function getOutput(
  { api, screen }: CommandContext,
  given: string,
  path: string,
  { to, force = false }: GetOptions,
): Promise<number> {
  const { id } = await findJob(api, given);
  if (!isOutputPath(path)) {
    const message = `NOT_FOUND: The job ${id} has made no ${JSON.stringify(path)}.`;
    throw new CommandError(exitCode.refused, message);
  }
  const file = await targetOf(path, { to, force });
  const name = visible(basename(file), { colours: false });
  using interruption = catchInterruption();
  let drawnAt = Number.NEGATIVE_INFINITY;
  try {
    const { bytes, sha256 } = await download({
      api,
      path: `/jobs/${id}/outputs/${path.split('/').map(encodeURIComponent).join('/')}`,
      file,
      signal: interruption.signal,
      onProgress: ({ bytes, total }) => {
        if (performance.now() - drawnAt < drawEveryMs) return;
        drawnAt = performance.now();
        screen.status(({ columns }) => [
          `${name}  ${progressWords(bytes, total)}`.slice(0, columns),
        ]);
      },
      onRetry: (reason) => screen.note(`${reason}; going on with what is missing`, 'yellow'),
    });
    screen.status(null);
    await screen.print(file);
    const checked = sha256 === null ? 'not checked, for the server gave no checksum' : 'checked';
    screen.note(`${formatBytes(bytes)}, ${checked}`);
    return exitCode.ok;
  } catch (error) {
    screen.status(null);
    if (interruption.exitCode === null) throw isOfDisk(error) ? unwritable(file, error) : error;
    screen.note('stopped; the same command goes on where it was');
    return interruption.exitCode;
  }
}

/** True for an error of a file here, such as of a disk that is full. */
function isOfDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(file: string, cause: Error): CommandError {
  return new CommandError(exitCode.usage, `${file} cannot be written: ${cause.message}`, { cause });
}

function progressWords(bytes: number, total: number | null): string {
  if (total === null || total === 0) return formatBytes(bytes);
  const percent = Math.floor((100 * bytes) / total);
  return `${percent}%  ${formatBytes(bytes)} of ${formatBytes(total)}`;
}

async function targetOf(
  path: string,
  { to, force }: { to: string | undefined; force: boolean },
): Promise<string> {
  const own = basename(path);
  const isFolder = to !== undefined && (to.endsWith('/') || (await kindOf(to)) === 'folder');
  const file = to === undefined ? own : isFolder ? join(to, own) : to;
  if (force || (await kindOf(file)) === null) return file;
  throw new CommandError(
    exitCode.usage,
    `${JSON.stringify(file)} is here already: name another file by --to, or replace it by --force.`,
  );
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return null;
  }
}
