import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { CommandError, exitCode } from '../exit.ts';
import type { Api } from '../server/api.ts';
import { PartFile } from './part-file.ts';
import { Interrupted, RemoteFile } from './remote-file.ts';

/** It is given up after so many attempts in a row that brought nothing. */
const maxAttempts = 10;

export interface DownloadOptions {
  api: Api;
  /** The file at the server, such as `/jobs/ID/outputs/PATH`. */
  path: string;
  /** Where it goes here. Until it is whole, it is `FILE.part`. */
  file: string;
  signal: AbortSignal;
  onProgress: (progress: { bytes: number; total: number | null }) => void;
  /** Called before it is tried again, because the connection broke. */
  onRetry: (reason: string, waitMs: number) => void;
}

/**
 * Fetches a file, across broken connections, and goes on with what an earlier run has left. Resolves to its size and
 * to whether the server's checksum agrees: null where the server gives none. Rejects with a `CommandError`, or with
 * the signal's reason; what has come stays then.
 */
export async function download(
  options: DownloadOptions,
): Promise<{ bytes: number; sha256: string | null }> {
  const { api, path, file, signal } = options;
  const remote = new RemoteFile(api, path);
  await using part = await PartFile.open(file, path);
  await fetchWhole(remote, part, options);
  const sha256 = await persistently(options, () => remote.digest(part.known?.etag ?? '', signal));
  if (sha256 !== null && (await part.digest()) !== sha256) {
    await part.discard();
    throw new CommandError(
      exitCode.refused,
      `What came of ${file} is not what the server has: the checksums differ. It was removed; try again.`,
    );
  }
  await part.finish();
  return { bytes: part.bytes, sha256 };
}

async function fetchWhole(
  remote: RemoteFile,
  part: PartFile,
  options: DownloadOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  await persistently(options, async (gained) => {
    const rest = await remote.open(part.known, signal);
    await part.goOn(rest);
    onProgress({ bytes: part.bytes, total: rest.bytes });
    for await (const chunk of rest.chunks) {
      await part.append(chunk);
      gained();
      onProgress({ bytes: part.bytes, total: rest.bytes });
    }
    if (rest.bytes !== null && part.bytes !== rest.bytes) {
      throw new Interrupted(`the file ended at ${part.bytes} of ${rest.bytes} bytes`);
    }
  });
}

/** Repeats what was interrupted, until ten attempts in a row have gained nothing. */
async function persistently<T>(
  { api, signal, onRetry }: DownloadOptions,
  attempt: (gained: () => void) => Promise<T>,
): Promise<T> {
  const backoff = new Backoff({ firstMs: 250, maxMs: 10_000 });
  for (;;) {
    try {
      return await attempt(() => backoff.reset());
    } catch (error) {
      if (!(error instanceof Interrupted) || signal.aborted) throw error;
      const ms = backoff.nextMs();
      if (backoff.failures > maxAttempts) throw api.unreachable(error);
      onRetry(error.message, ms);
      if (!(await waitMs(ms, signal))) throw signal.reason;
    }
  }
}
