import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { z } from 'zod';
import { codeOf, messageOf } from '../core/errors.ts';
import { maxLines } from '../core/log.ts';
import type { LogReader } from '../logs/reader.ts';
import { statusOf } from './status.ts';

const range = z.object({
  offset: z.coerce.number().int().min(-maxLines).max(maxLines).default(0),
  limit: z.coerce.number().int().min(1).max(maxLines).optional(),
});

/**
 * `/jobs/{id}/log`: a job's log as text, streamed as it is read, so that memory stays flat. By line:
 * `?offset=&limit=`, a negative offset counts from the end. Sends what is stored now, and no more.
 */
export function logTextRoutes({ reader }: { reader: LogReader }): Hono {
  const app = new Hono();
  app.use(compress({ encoding: 'gzip' }));
  app.get('/:id/log', async (c) => {
    const parsed = range.safeParse(c.req.query());
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const error = `${issue?.path.join('.')}: ${issue?.message}`;
      return c.json({ error, code: 'BAD_USER_INPUT' }, 400);
    }
    const id = c.req.param('id');
    try {
      const { total, complete } = await reader.head(id);
      const { offset, limit } = parsed.data;
      const first = offset < 0 ? Math.max(0, total + offset) : Math.min(offset, total);
      const count = Math.min(limit ?? total, total - first);
      c.header('Content-Type', 'text/plain; charset=utf-8');
      c.header('X-Content-Type-Options', 'nosniff');
      c.header('X-Log-Offset', String(first));
      c.header('X-Log-Total', String(total));
      c.header('X-Log-Complete', String(complete));
      return c.body(textStream(reader, id, { offset: first, limit: count }));
    } catch (error) {
      return c.json({ error: messageOf(error), code: codeOf(error) }, statusOf(error));
    }
  });
  return app;
}

function textStream(reader: LogReader, id: string, range: { offset: number; limit: number }) {
  async function* chunks() {
    for await (const { texts } of reader.blocks(id, range)) yield `${texts.join('\n')}\n`;
  }
  return Readable.toWeb(Readable.from(chunks(), { objectMode: false })) as ReadableStream;
}
