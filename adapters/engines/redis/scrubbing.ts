/**
 * What clients hang on their errors of what was asked or answered: `command` of ioredis (with the password of an `AUTH`, and
 * hashes and names of a script's arguments), the replies around a failed one of node-redis, the bytes that no parser took.
 */
const SECRETS = ['command', 'args', 'replies', 'buffer'] as const;

/**
 * Takes off an error, and off those that it holds, what was sent to the server or came from it: errors end up in logs. The
 * error stays the one that the client gave, with its message and stack.
 */
export function withoutSecrets(error: Error): void {
  const seen = new Set<Error>();
  const open: Error[] = [error];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    for (const name of SECRETS) Reflect.deleteProperty(one, name);
    // `cause`, the `errors` of an AggregateError, and whatever clients call it, such as `lastNodeError`.
    for (const name of Reflect.ownKeys(one)) open.push(...errorsIn(Reflect.get(one, name)));
  }
}

const errorsIn = (value: unknown): readonly Error[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => one instanceof Error);
