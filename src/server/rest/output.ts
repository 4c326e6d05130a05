import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { OutputAnswer } from '../../core/output.ts';
import type { Outputs } from '../../jobs/ask/outputs.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { sendPiece } from '../connections/send-piece.ts';
import type { Unsent } from '../connections/unsent.ts';

/** Thrown where the reader leaves before it has the whole file. */
const departure = new Error('the reader of a file has left');

/** The headers that tell of a file. */
const passedOn = [
  'content-type',
  'content-length',
  'content-range',
  'content-disposition',
  'accept-ranges',
  'etag',
  'last-modified',
  'repr-digest',
];

/**
 * Answers `/jobs/{id}/outputs/{path}`: a file that a job has made, read at its provider while it is sent, so that
 * memory stays flat. One range is served, and resumed by `If-Range`; `Want-Repr-Digest: sha-256=1` adds the digest.
 */
export function createOutputFiles(options: { outputs: Outputs; logger: Logger; unsent: Unsent }) {
  const { outputs, logger, unsent } = options;
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    { id, path }: { id: string; path: string },
  ): Promise<void> => {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const { headers, method } = request;
    const asked = {
      isHead: method === 'HEAD',
      range: headers.range ?? null,
      ifRange: textOf(headers['if-range']),
      wantDigest: textOf(headers['want-repr-digest']),
    };
    const facts = { job: id, path };
    try {
      const answer = await outputs.open(id, path, asked, left.signal);
      response.writeHead(answer.status, headersOf(answer));
      for await (const piece of answer.chunks ?? []) {
        if (!(await sendPiece(response, [Buffer.from(piece)], unsent))) throw departure;
      }
      response.end();
    } catch (error) {
      if (error === departure || left.signal.aborted) return logger.debug(facts, departure.message);
      if (!response.headersSent) throw error;
      // The connection is cut, so that this does not look like the end of the file.
      response.destroy();
      const code = codeOf(error);
      logger.warn({ ...facts, code }, `a file was not sent whole: ${messageOf(error)}`);
    }
  };
}

function headersOf({ headers }: OutputAnswer): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}
