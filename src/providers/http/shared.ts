/** Values that all who open the same key share. The last one to close a value forgets it. */
export class Shared<Value> {
  readonly #values = new Map<string, { value: Value; users: number }>();
  readonly #create: () => Value;

  constructor(create: () => Value) {
    this.#create = create;
  }

  /** The key's value. Closing it twice is fine. */
  open(key: string): { value: Value; close: () => void } {
    const shared = this.#values.get(key) ?? { value: this.#create(), users: 0 };
    this.#values.set(key, shared);
    shared.users += 1;
    let isOpen = true;
    return {
      value: shared.value,
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        shared.users -= 1;
        if (shared.users === 0) this.#values.delete(key);
      },
    };
  }
}
