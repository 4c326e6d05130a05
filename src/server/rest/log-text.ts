import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createGzip, type ZlibOptions } from 'node:zlib';
import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { maxLines, type ProgressChoice, progressChoices } from '../../core/log.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { encodeTexts } from '../../lib/text/encode-texts.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Pace } from '../../logs/read/pace.ts';
import type { LogReader } from '../../logs/read/reader.ts';
import { sendPiece } from '../connections/send-piece.ts';
import type { Unsent } from '../connections/unsent.ts';
import { weightOf } from './accepted.ts';

/**
 * The fastest level, which still makes logs small because they repeat themselves. A window and a memory of
 * these sizes take 64 KiB for each reader, a quarter of zlib's default.
 */
const gzipOptions: ZlibOptions = { level: 1, windowBits: 13, memLevel: 6, chunkSize: 32 * 1024 };

/** Thrown where the reader leaves before it has the whole log. */
const departure = new Error('the reader of a log has left');

export interface LogTextRequest {
  id: string;
  search: URLSearchParams;
  pace: Pace;
}

/**
 * Answers `/jobs/{id}/log`: a job's log as text, read while it is sent, so that memory stays flat. The lines
 * are chosen by `?offset=&limit=`; a negative offset counts from the end. `?progress=none` or `last` leaves out states of
 * progress bars, which `limit` does not count then. Sends only the lines that are stored now.
 */
export function createLogText(options: { reader: LogReader; logger: Logger; unsent: Unsent }) {
  const { reader, logger, unsent } = options;
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    { id, search, pace }: LogTextRequest,
  ): Promise<void> => {
    const offset = wholeNumber(search, 'offset', { least: -maxLines }) ?? 0;
    const limit = wholeNumber(search, 'limit', { least: 1 }) ?? maxLines;
    const { total, complete, isProven } = await reader.extent(id);
    const first = offset < 0 ? Math.max(0, total + offset) : Math.min(offset, total);
    const progress = choiceOf(search);
    // Where more may follow, the reader must not take the last line that can be read for the end.
    const to = isProven ? total : maxLines;
    const range = { offset: first, to, limit, progress, pace };
    const isZipped = weightOf('gzip', request.headers['accept-encoding']) > 0;
    response.appendHeader('Vary', 'Accept-Encoding');
    response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
      'X-Log-Offset': first,
      'X-Log-Total': total,
      'X-Log-Complete': String(complete),
    });
    if (request.method === 'HEAD') return void response.end();
    const send = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) {
        if (!(await sendPiece(response, [piece], unsent))) throw departure;
      }
      response.end();
    };
    try {
      const text = textOf(reader, id, range);
      if (isZipped) await pipeline(text, createGzip(gzipOptions), send);
      else await send(text);
    } catch (error) {
      if (error === departure) return logger.debug({ job: id }, departure.message);
      // The connection is cut, so that this does not look like the end of the log.
      response.destroy();
      const facts = { job: id, code: codeOf(error) };
      logger.error({ ...facts, err: error }, `a log was not sent whole: ${messageOf(error)}`);
    }
  };
}

function wholeNumber(
  search: URLSearchParams,
  name: string,
  { least }: { least: number },
): number | undefined {
  const given = search.get(name);
  if (given === null) return undefined;
  const number = /^-?\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= maxLines) return number;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is ${quote(given)}; it must be a whole number between ${least} and ${maxLines}.`,
  );
}

function choiceOf(search: URLSearchParams): ProgressChoice {
  const given = search.get('progress') ?? 'all';
  const choice = progressChoices.find((each) => each.toLowerCase() === given.toLowerCase());
  if (choice) return choice;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `progress is ${quote(given)}; it must be one of ${progressChoices.join(', ').toLowerCase()}.`,
  );
}

async function* textOf(
  reader: LogReader,
  id: string,
  range: Parameters<LogReader['texts']>[1],
): AsyncGenerator<Buffer> {
  for await (const texts of reader.texts(id, range)) yield encodeTexts([...texts, ''], '\n');
}
