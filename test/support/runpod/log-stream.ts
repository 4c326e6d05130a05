import type { ServerResponse } from 'node:http';
import type { Changes } from './changes.ts';
import type { StreamFault } from './faults.ts';
import type { LogEvent, PodLog } from './log.ts';
import type { LogRange } from './log-request.ts';

/** Sends a part of a log as server-sent events, then what is added to it, until the log is closed or the reader has gone. */
export async function streamLog(options: {
  log: PodLog;
  range: LogRange;
  fault: StreamFault;
  changes: Changes;
  response: ServerResponse;
  headers: Record<string, string>;
  earlyHeaders: boolean;
}): Promise<void> {
  const { log, range, fault, changes, response } = options;
  const gone = new AbortController();
  const { signal } = gone;
  response.once('close', () => gone.abort());
  response.writeHead(200, {
    ...options.headers,
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    Connection: 'keep-alive',
    'X-Accel-Buffering': 'no',
  });
  // RunPod's may come no sooner than the first line.
  if (options.earlyHeaders) response.flushHeaders();
  const from = Math.max(0, range.from - (fault.rewind ?? 0));
  try {
    const events = follow({ log, from, changes, signal });
    for await (const { text, stop } of spoil(events, range, fault)) {
      await write(response, text);
      signal.throwIfAborted();
      if (stop === 'silence') return;
      if (stop === 'cut') return void response.destroy();
    }
    response.end();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** So many events are formatted before the reader's pace counts. */
const maxBatch = 500;

async function* follow(options: {
  log: PodLog;
  from: number;
  changes: Changes;
  signal: AbortSignal;
}): AsyncGenerator<LogEvent[]> {
  const { log, changes, signal } = options;
  let at = options.from;
  while (true) {
    while (at < log.end) {
      at = Math.max(at, log.first);
      const batch = log.read(at, maxBatch);
      at += batch.length;
      yield batch;
    }
    if (log.closed) return;
    await changes.next(signal);
  }
}

/** Resolves when the text is with the operating system, or the reader has gone. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (text === '') return;
  await new Promise<void>((resolve) => response.write(text, () => resolve()));
}

interface Piece {
  text: string;
  /** What happens after the text; without it, more follows. */
  stop?: StreamFault['stop'];
}

async function* spoil(
  batches: AsyncIterable<LogEvent[]>,
  { source }: LogRange,
  { stop, after = 0, lost = [], doubled = [], insert = [] }: StreamFault,
): AsyncGenerator<Piece> {
  let position = 0;
  const inserted = (at: number) => {
    return insert.flatMap(({ before, text }) => (before === at ? [text] : [])).join('');
  };
  const isBetween = stop === 'end' || stop === 'silence';
  if (isBetween && after === 0) return yield { text: '', stop };
  yield { text: inserted(0) };
  for await (const batch of batches) {
    let text = '';
    for (const event of batch) {
      if (source !== null && event.source !== source) continue;
      const whole = format(event);
      if (stop === 'cut' && position === after) {
        return yield { text: text + whole.slice(0, whole.length >> 1), stop };
      }
      if (stop === 'end-in-event' && position === after) {
        return yield { text: text + whole.slice(0, -1), stop };
      }
      if (!lost.includes(position)) text += doubled.includes(position) ? whole + whole : whole;
      position += 1;
      text += inserted(position);
      if (isBetween && position === after) return yield { text, stop };
    }
    yield { text };
  }
}

function format({ id, ts, source, line }: LogEvent): string {
  return `id: ${id}\ndata: ${JSON.stringify({ ts, source, line })}\n\n`;
}
