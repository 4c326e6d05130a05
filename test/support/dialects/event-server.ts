import type { ServerResponse } from 'node:http';
import { type Asked, DialectServer, type Reply } from './http.ts';

/** Raw text or bytes to send; `end` ends the answer cleanly, `cut` the connection. After the last step it stays open. */
export type StreamStep = string | Buffer | 'end' | 'cut';

export interface EventServer {
  server: DialectServer;
  /** From which line each stream was asked for, by offset and by Last-Event-ID. */
  openings: { offset: string | null; lastEventId: string | undefined }[];
  /** Settles when the first stream's connection has ended. */
  closed: Promise<void>;
}

/**
 * A training server with event streams that a test writes byte by byte: each stream that is asked for
 * takes the next script. Pages are served from `log`, of which the lines before `kept` are gone.
 */
export async function openEventServer(options: {
  streams: readonly (readonly StreamStep[])[];
  log?: readonly string[];
  kept?: number;
}): Promise<EventServer> {
  const { log = [], kept = 0 } = options;
  const scripts = options.streams.values();
  const openings: EventServer['openings'] = [];
  const closed = Promise.withResolvers<void>();

  const route = ({ path, query, headers }: Asked, response: ServerResponse): Reply | undefined => {
    if (path.endsWith('/stream')) {
      const script = scripts.next();
      const lastEventId = headers['last-event-id'];
      openings.push({ offset: query.get('offset'), lastEventId: String(lastEventId) });
      if (script.done)
        return { status: 503, body: { error: 'no more streams', code: 'UNAVAILABLE' } };
      response.on('close', closed.resolve);
      void play(response, script.value);
      return undefined;
    }
    const limit = Number(query.get('limit'));
    const offset = Math.max(kept, Number(query.get('offset')));
    const logs = log.slice(offset, offset + limit);
    return { status: 200, body: { logs, total_lines: log.length, offset, limit } };
  };

  return { server: await DialectServer.open(route), openings, closed: closed.promise };
}

/** An event with lines, as the training server's contract has it. */
export function linesEvent(offset: number, lines: readonly string[], more: object = {}): string {
  const data = JSON.stringify({ offset, lines, time: '2026-01-02T03:04:05.678Z', ...more });
  return `id: ${offset + lines.length}\ndata: ${data}\n\n`;
}

/** The event that ends a stream. */
export function endEvent(
  total: number,
  end: { status: string; exit_code: number; gaps?: readonly { offset: number; reason: string }[] },
): string {
  return `event: end\ndata: ${JSON.stringify({ total_lines: total, ...end })}\n\n`;
}

async function play(response: ServerResponse, script: readonly StreamStep[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const step of script) {
    if (step === 'end') response.end();
    else if (step === 'cut') response.destroy();
    else await new Promise<void>((resolve) => response.write(step, () => resolve()));
  }
}
