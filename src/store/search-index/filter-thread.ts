import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SealedChunks } from './build.ts';

/** A thread that has nothing to do is ended after so long: it holds some megabytes. */
const idleMs = 10_000;
/** The `threadId` of a thread that is over. */
const hasEnded = -1;

/** Makes filters of sections in a thread of its own, which is there while there is work. */
export class FilterThread {
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** A section's filter. One at a time; rejects where the thread fails or is closed meanwhile. */
  async build(section: SealedChunks): Promise<Buffer> {
    if (this.#isClosed) throw new Error('the thread is closed');
    clearTimeout(this.#idle);
    this.#worker ??= start();
    const worker = this.#worker;
    try {
      worker.postMessage(section);
      return Buffer.from(await answerOf(worker));
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.#end(), idleMs).unref();
    }
  }

  /** Ends the thread for good, once it has made what it is at. Closing twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null || worker.threadId === hasEnded) return;
    // Not by `terminate`: Node aborts the whole process where that meets a compressor which is just being opened.
    worker.ref();
    const over = once(worker, 'exit');
    worker.postMessage(null);
    await over;
  }
}

/** The thread runs TypeScript if this file is, else JavaScript that was built from it. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './filter-worker.ts' : './filter-worker.js',
  import.meta.url,
);

function start(): Worker {
  // It needs nothing of the environment, in which keys may stand.
  const worker = new Worker(workerFile, { name: 'filters', env: {} });
  // Its work can wait for the next start.
  worker.unref();
  return worker;
}

async function answerOf(worker: Worker): Promise<Uint8Array> {
  const answered = new AbortController();
  const { signal } = answered;
  try {
    return await Promise.race([
      once(worker, 'message', { signal }).then(([bytes]) => bytes),
      once(worker, 'exit', { signal }).then(([code]) => {
        throw new Error(`the thread has ended with code ${code}`);
      }),
    ]);
  } finally {
    answered.abort();
  }
}
