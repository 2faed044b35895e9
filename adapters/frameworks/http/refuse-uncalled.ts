import { isPlainObject } from '../../../src/adapter.ts';

const REQUEST_MEMBERS = ['headers', 'req', 'refusal'];

/**
 * Refuses a request in place of options: the app passed a function such as `requireSession` to its framework without
 * calling it.
 */
export function refuseUncalled(given: unknown, call: string): void {
  if (typeof given !== 'object' || given === null || isPlainObject(given)) return;
  if (!REQUEST_MEMBERS.some((name) => name in given)) return;
  throw new TypeError(`it received a request instead of options: call it, ${call}, and pass on its result`);
}

/** Wraps a factory that takes no arguments, so that it refuses a request: the app has then passed it to its framework uncalled. */
export const withoutArguments =
  <Made>(call: string, make: () => Made) =>
  (...given: readonly unknown[]): Made => {
    for (const one of given) refuseUncalled(one, call);
    return make();
  };
