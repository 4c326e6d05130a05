import { messageOf, TrainyardError } from '../core/errors.ts';
import type { Provider, ProviderHealth } from '../core/provider.ts';
import { bareFacts, type RecipeFacts } from '../core/recipe.ts';
import { quote } from '../lib/text/quote.ts';
import { jobTimes } from './times.ts';

/** How long a health check may take. */
const healthTimeoutMs = 5000;

/** The configured providers, by name, and their health. */
export class Providers {
  /** How old a health report may be, in milliseconds, before the provider is asked again. */
  readonly freshMs: number;
  readonly #providers: ReadonlyMap<string, Provider>;
  /** The last health report of each provider, and when it came, by the monotonic clock. */
  readonly #known = new Map<string, { health: ProviderHealth; at: number }>();
  readonly #asking = new Map<string, Promise<ProviderHealth>>();

  constructor(providers: readonly Provider[], { healthFreshMs } = jobTimes) {
    this.freshMs = healthFreshMs;
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
  }

  list(): Provider[] {
    return [...this.#providers.values()];
  }

  find(name: string): Provider | null {
    return this.#providers.get(name) ?? null;
  }

  /** The provider of this name. Throws `NOT_FOUND`, with the names of all providers. */
  get(name: string): Provider {
    const provider = this.#providers.get(name);
    if (provider) return provider;
    const names = [...this.#providers.keys()].join(', ');
    throw new TrainyardError(
      'NOT_FOUND',
      `There is no provider ${quote(name)}. Configured: ${names}.`,
    );
  }

  /** The recipes that a caller may choose, with all that is known of each; none for an unknown provider. */
  recipes(name: string): RecipeFacts[] {
    const provider = this.find(name);
    const known = new Map(provider?.recipeFacts?.().map((facts) => [facts.name, facts]));
    return (provider?.recipes() ?? []).map((recipe) => known.get(recipe) ?? bareFacts(recipe));
  }

  /** The last health report, of any age; null before the first one. */
  lastHealth(name: string): ProviderHealth | null {
    return this.#known.get(name)?.health ?? null;
  }

  /**
   * A health report that is at most `freshMs` old. Callers at the same time share one check. A provider that
   * does not answer is DOWN. Throws `NOT_FOUND` for an unknown name.
   */
  async health(name: string): Promise<ProviderHealth> {
    const known = this.#known.get(name);
    if (known && performance.now() - known.at < this.freshMs) return known.health;
    const asking = this.#asking.get(name) ?? this.#ask(this.get(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(provider: Provider): Promise<ProviderHealth> {
    let health: ProviderHealth;
    try {
      health = await provider.health(AbortSignal.timeout(healthTimeoutMs));
    } catch (error) {
      const message = messageOf(error);
      health = { status: 'DOWN', message, checkedAt: Date.now(), latencyMs: null };
    }
    this.#known.set(provider.name, { health, at: performance.now() });
    this.#asking.delete(provider.name);
    return health;
  }
}
