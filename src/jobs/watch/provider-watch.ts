import { abortable } from '../../lib/async/abortable.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { Providers } from '../providers.ts';

/** Yields providers as their health changes, for subscriptions. */
export class ProviderWatch {
  readonly #providers: Providers;

  constructor(providers: Providers) {
    this.#providers = providers;
  }

  /**
   * Yields the name of each provider once it has been asked for its health, and again after each change of its
   * status, message or recipes. While anybody watches, providers are asked every `Providers.freshMs`, once for
   * all who watch. A provider that is slow to answer delays no other. Ends only with its reader.
   */
  all(): AsyncGenerator<string, void, undefined> {
    return abortable((signal) => this.#all(signal));
  }

  async *#all(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const woken = new Wakeup();
    /** At most one entry a provider: its reader reads the present health. */
    const changed = new Set<string>();
    for (const { name } of this.#providers.list()) {
      // These end by themselves, and never fail. A reader that leaves does not wait for an answer under way.
      void this.#follow(name, signal, () => {
        changed.add(name);
        woken.wake();
      });
    }
    while (!signal.aborted) {
      for (const name of changed) {
        changed.delete(name);
        yield name;
      }
      await woken.next(signal);
    }
  }

  async #follow(name: string, signal: AbortSignal, changed: () => void): Promise<void> {
    let known = '';
    do {
      const { status, message } = await this.#providers.health(name);
      const now = JSON.stringify([status, message, this.#providers.get(name).recipes()]);
      if (now !== known) changed();
      known = now;
    } while (await waitMs(this.#providers.freshMs, signal));
  }
}
