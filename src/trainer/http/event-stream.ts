import { abortable } from '../../lib/async/abortable.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import { encodeJson } from '../../lib/text/encode-json.ts';
import { isOver } from '../disk/record.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Place } from '../log/log-index.ts';
import { endAnswer, gapsAnswer, isoTime } from './answers.ts';

const maxBatchLines = 1000;
const maxBatchChars = 1024 * 1024;
/** How often to send what was found, while a log is read again after a restart. */
const readAgainMs = 1000;
/** How often to look whether an unfinished line has grown. */
const unfinishedMs = 1000;

export interface EventStreamOptions {
  jobs: Jobs;
  id: string;
  /** The first line to send. The log may be shorter. */
  offset: number;
  /** A comment is sent if nothing else was sent for so long. */
  heartbeatMs: number;
}

/**
 * A job's log as server-sent events, from a line on until the job is over and every line is sent. If
 * the client does not read, nothing is read from the log and nothing queues.
 */
export function openEventStream(options: EventStreamOptions): AsyncGenerator<Uint8Array, void> {
  return abortable((signal) => events(options, signal));
}

async function* events(
  { jobs, id, offset, heartbeatMs }: EventStreamOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const job = jobs.get(id);
  using held = await job.openLog();
  const { log } = held;
  const wakeup = new Wakeup();
  using stack = new DisposableStack();
  stack.defer(jobs.changes.listen(id, () => wakeup.wake()));
  yield Buffer.from(': follows\n\n');
  let line = offset;
  let near: Place | null = null;
  let silentMs = 0;
  const growing = new Unfinished();
  while (!signal.aborted) {
    const { record } = job;
    const over = isOver(record) && log.complete; // before the read: if it is over now, the read misses no line
    const read = await log.read({
      offset: line,
      maxLines: maxBatchLines,
      maxChars: maxBatchChars,
      near,
    });
    const { first, lines } = read;
    near = read.next;
    if (lines.length > 0) {
      const time = isoTime(record.finishedAt ?? log.changedAt ?? Date.now());
      const batch = { offset: first, lines, time, ...gapsAnswer(log, line, read) };
      line = first + lines.length;
      yield encodeJson(batch, { before: `id: ${line}\ndata: `, after: '\n\n' });
    } else if (over) {
      const end = { ...endAnswer(job, log), ...gapsAnswer(log, line, read) };
      yield encodeJson(end, { before: 'event: end\ndata: ', after: '\n\n' });
      return;
    } else if (isOver(record)) {
      await log.catchUp(readAgainMs);
    } else {
      const waitMs = Math.min(unfinishedMs, heartbeatMs);
      if (await hint(wakeup, waitMs, signal)) continue;
      silentMs += waitMs;
      const text = log.total === line ? growing.look(line, log.unfinished) : null;
      if (text !== null) {
        const said = { offset: line, text, time: isoTime(Date.now()) };
        yield encodeJson(said, { before: 'event: unfinished\ndata: ', after: '\n\n' });
      } else if (silentMs < heartbeatMs) continue;
      else yield Buffer.from(': still here\n\n');
      silentMs = 0;
    }
  }
}

/** The unfinished line that was seen last, and how much of it was sent. */
class Unfinished {
  #line = -1;
  #told = '';

  /** The text to send; null if the line is new since the last look, or has not grown. */
  look(line: number, text: string): string | null {
    const isNew = line !== this.#line || text === '';
    this.#line = text === '' ? -1 : line;
    if (isNew) this.#told = '';
    if (isNew || text === this.#told) return null;
    this.#told = text;
    return text;
  }
}

/** Waits for a hint. Resolves to false if none came in that time. */
async function hint(wakeup: Wakeup, ms: number, signal: AbortSignal): Promise<boolean> {
  let hinted = true;
  const timer = setTimeout(() => {
    hinted = false;
    wakeup.wake();
  }, ms);
  await wakeup.next(signal);
  clearTimeout(timer);
  return hinted || signal.aborted;
}
