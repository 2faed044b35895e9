/** Asks for several keys at once: a question goes out while fewer than two are under way, and the others join the next one. */
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
