import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { maxLines } from '../../core/log.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { encodeTexts } from '../../lib/text/encode-texts.ts';
import type { LogReader } from '../../logs/read/reader.ts';

/** Fast, and logs repeat themselves so much that it is small all the same. */
const gzipLevel = 1;

/**
 * `/jobs/{id}/log`: a job's log as text, streamed as it is read, so that memory stays flat. By line:
 * `?offset=&limit=`, a negative offset counts from the end. Sends what is stored now, and no more.
 */
export function logTextRoutes({ reader, logger }: { reader: LogReader; logger: Logger }) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/:id/log', async (c) => {
    const id = c.req.param('id');
    const offset = wholeNumber(c, 'offset', { least: -maxLines }) ?? 0;
    const limit = wholeNumber(c, 'limit', { least: 1 }) ?? maxLines;
    const { total, complete } = await reader.head(id);
    const first = offset < 0 ? Math.max(0, total + offset) : Math.min(offset, total);
    const range = { offset: first, limit: Math.min(limit, total - first) };
    const gzip = acceptsGzip(c);
    // Written to Node's response itself, so that a slow reader slows the reading.
    const response = c.env.outgoing;
    response.appendHeader('Vary', 'Accept-Encoding');
    response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
      'X-Log-Offset': first,
      'X-Log-Total': total,
      'X-Log-Complete': String(complete),
    });
    const isHead = c.req.method === 'HEAD';
    const text = Readable.from(isHead ? [] : textOf(reader, id, range), { objectMode: false });
    try {
      if (gzip) await pipeline(text, createGzip({ level: gzipLevel }), response);
      else await pipeline(text, response);
    } catch (error) {
      const facts = { job: id, code: codeOf(error) };
      if (isDeparture(error)) logger.debug(facts, 'the reader of a log has left');
      else logger.error({ ...facts, err: error }, `a log was not sent whole: ${messageOf(error)}`);
    }
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

function wholeNumber(c: Context, name: string, { least }: { least: number }): number | undefined {
  const given = c.req.query(name);
  if (given === undefined) return undefined;
  const number = /^-?\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= maxLines) return number;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is ${JSON.stringify(given.slice(0, 40))}; it must be a whole number between ${least} and ${maxLines}.`,
  );
}

function acceptsGzip(c: Context): boolean {
  const encoding = accepts(c, {
    header: 'Accept-Encoding',
    supports: ['gzip'],
    default: 'identity',
    match: (accepted) => {
      const named = (name: string) => accepted.find(({ type }) => type.toLowerCase() === name);
      return ((named('gzip') ?? named('*'))?.q ?? 0) > 0 ? 'gzip' : 'identity';
    },
  });
  return encoding === 'gzip';
}

async function* textOf(reader: LogReader, id: string, range: { offset: number; limit: number }) {
  for await (const { texts } of reader.blocks(id, range)) yield encodeTexts([...texts, ''], '\n');
}

/** The client closed the connection before it had everything. */
function isDeparture(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
