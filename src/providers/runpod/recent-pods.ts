/** So many pods are remembered; the oldest is forgotten first. */
const maxIds = 1000;

/** The pods that something was done to lately. */
export class RecentIds {
  readonly #ids = new Set<string>();

  add(id: string): void {
    const [oldest] = this.#ids;
    if (oldest !== undefined && this.#ids.size >= maxIds) this.#ids.delete(oldest);
    this.#ids.add(id);
  }

  delete(id: string): void {
    this.#ids.delete(id);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
