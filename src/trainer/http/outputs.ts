import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Context } from 'hono';
import { listOutputs, type OutputFile, openOutput } from '../disk/outputs.ts';
import type { Job } from '../jobs/job.ts';
import { isoTime } from './answers.ts';
import { type ByteRange, parseRange } from './byte-range.ts';

const pieceBytes = 256 * 1024;

/** The answer to `GET /api/training/outputs/{id}`: the files that the job has made so far. */
export async function outputsAnswer(job: Job, page: { limit: number; after?: string | undefined }) {
  const { files, truncated } = await listOutputs(job.folder.output, page);
  const outputs = files.map(({ modified, ...file }) => ({ ...file, modified: isoTime(modified) }));
  return { job_id: job.record.id, outputs, truncated };
}

/**
 * The answer to `GET /api/training/outputs/{id}/{path}`: one file, or one range of it. A client that
 * resumes sends the earlier `ETag` as `If-Range`: if the file has changed, it gets the whole file.
 * `Want-Repr-Digest: sha-256=1` (RFC 9530) adds the digest of the whole file, after a reading of it.
 */
export async function sendOutput(c: Context, job: Job, name: string): Promise<Response> {
  const { handle, file } = await openOutput(job.folder.output, name);
  const tag = tagOf(file);
  const condition = c.req.header('if-range');
  const isCurrent = condition === undefined || condition === tag;
  const range = isCurrent ? parseRange(c.req.header('range'), file.bytes) : 'whole';
  const headers = headersOf(file, tag);
  if (wantsDigest(c.req.header('want-repr-digest'))) {
    headers.set('repr-digest', `sha-256=:${await digestOf(handle, c.req.raw.signal)}:`);
  }
  if (range === 'none') {
    await handle.close();
    headers.set('content-range', `bytes */${file.bytes}`);
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.bytes - 1 } : range;
  headers.set('content-length', String(end - start + 1));
  if (range !== 'whole') headers.set('content-range', `bytes ${start}-${end}/${file.bytes}`);
  const status = range === 'whole' ? 200 : 206;
  if (c.req.method === 'HEAD' || end < start) {
    await handle.close();
    return new Response(null, { status, headers });
  }
  return new Response(bytesOf(handle, { start, end }), { status, headers });
}

/** True where the header, a dictionary of preferences from 0 to 10, wants SHA-256. */
function wantsDigest(header = ''): boolean {
  return /(?:^|,)\s*sha-256=(?:[1-9]|10)\s*(?:,|$)/i.test(header);
}

/** The SHA-256 of an open file in base64. Closes the file where it fails, as when the client leaves. */
async function digestOf(handle: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    const pieces = handle.createReadStream({ start: 0, autoClose: false, signal });
    for await (const piece of pieces) hash.update(piece);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return hash.digest('base64');
}

/** Reads one piece each time the client has taken the one before. Closes the file at the end, or when the client leaves. */
function bytesOf(handle: FileHandle, { start, end }: ByteRange): ReadableStream<Uint8Array> {
  let at = start;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    pull: async (controller) => {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at + 1));
      const { bytesRead } = await handle.read(piece, 0, piece.length, at);
      at += bytesRead;
      if (bytesRead > 0) controller.enqueue(piece.subarray(0, bytesRead));
      if (at <= end && bytesRead > 0) return;
      await handle.close();
      if (at > end) controller.close();
      else controller.error(new Error('the file was cut while it was sent'));
    },
    cancel: () => handle.close(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

function headersOf(file: OutputFile, tag: string): Headers {
  const name = encodeURIComponent(file.path.split('/').at(-1) ?? '');
  return new Headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${name}`,
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    'last-modified': new Date(file.modified).toUTCString(),
    etag: tag,
  });
}

/** The file's `ETag`, which changes when the file is written. */
function tagOf({ bytes, modified }: OutputFile): string {
  return `"${bytes.toString(36)}-${Math.round(modified * 1000).toString(36)}"`;
}
