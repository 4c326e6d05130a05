/** The same object with some of its methods replaced. */
export function replace<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name);
      const value: unknown = Reflect.get(target, name);
      // Bound, since private fields are the target's own.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
