import { EventEmitter, once } from 'node:events';

/** Says that something has happened, to everyone who waits for it; what it was, they look up themselves. */
export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  notify(): void {
    this.#emitter.emit('change');
  }

  /** Resolves at the next change; rejects when the signal is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    await once(this.#emitter, 'change', { signal });
  }

  /** Resolves as soon as `check` holds; rejects when it does not for too long. */
  async until(check: () => boolean, timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      while (!check()) await this.next(signal);
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new Error(`not within ${timeoutMs} ms: ${check}`, { cause });
    }
  }
}
