/**
 * Returns a look-up for one key. At most two requests are in flight. Keys that arrive meanwhile share the next request.
 */
export function batching<Key, Value>(
  ask: (keys: readonly Key[]) => Promise<readonly Value[]>,
): (key: Key) => Promise<Value> {
  let underWay = 0;
  let waiting: { readonly key: Key; resolve(value: Value): void; reject(error: unknown): void }[] = [];
  const send = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    underWay++;
    try {
      const values = await ask(asked.map(({ key }) => key));
      for (const [at, { resolve }] of asked.entries()) resolve(values[at] as Value);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    } finally {
      underWay--;
      if (waiting.length > 0) void send();
    }
  };
  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (underWay < 2) void send();
    });
}
