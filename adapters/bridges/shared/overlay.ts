/** Returns a proxy of a store, with the members of `replaced` in place of the store's own. */
export function overlay<Inner extends object>(inner: Inner, replaced: object): Inner {
  const outer: Inner = new Proxy(inner, {
    get(target, name) {
      if (isReplaced(replaced, name)) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'constructor') return value;
      // Calls the method on `target`, not on the proxy, because stores have private fields. A result that is the store becomes the proxy.
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        return result === target ? outer : result;
      };
    },
    set: (target, name, value) => Reflect.set(isReplaced(replaced, name) ? replaced : target, name, value),
  });
  return outer;
}

const isReplaced = (replaced: object, name: PropertyKey): boolean => name in replaced && !(name in Object.prototype);
