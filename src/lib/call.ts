import { isSessionError, SessionError } from './errors.ts';

/** The messages of errors without the name of the call. */
const bare = new WeakMap<object, string>();
const appErrors = new WeakSet<object>();

/**
 * Runs a public call. Puts the form of the call, such as `sessions.fence({ user })`, into the message of a `TypeError` for misuse
 * and of a {@link SessionError}. If one public call makes another, the message names the outer one.
 * @param form the call as the user writes it.
 * @param run the work. It may return a promise.
 */
export function inCall<T>(form: string, run: () => T): T {
  try {
    const result = run();
    return result instanceof Promise ? (result.catch((error: unknown) => rethrow(form, error)) as T) : result;
  } catch (error) {
    return rethrow(form, error);
  }
}

function rethrow(form: string, error: unknown): never {
  throw named(form, error);
}

/**
 * Returns the error with the name of the call in its message. Errors of the app's own functions stay as they are.
 * @param form the call as the user writes it.
 * @param error the value that was thrown.
 */
export function named(form: string, error: unknown): unknown {
  if (isSessionError(error)) {
    // A copy, because a store may throw the same error to several callers.
    const message = `${form}: ${withoutCall(error)}`;
    const { cause, headers, stack } = error;
    const copy = new SessionError(error.code, message, { headers, ...(cause !== undefined && { cause }) });
    bare.set(copy, withoutCall(error));
    if (stack !== undefined) copy.stack = stack.replace(error.message, () => message);
    return copy;
  }
  if (!(error instanceof TypeError) || appErrors.has(error)) return error;
  const own = withoutCall(error);
  retell(error, `${form}: ${own}`);
  bare.set(error, own);
  return error;
}

/**
 * Replaces the message of an error, also in its stack. With source maps, V8 copies it there when the stack is first
 * read.
 * @param error the error to change.
 * @param message the new message.
 */
export function retell(error: Error, message: string): void {
  const { message: before, stack } = error;
  error.message = message;
  bare.delete(error);
  if (stack !== undefined) error.stack = stack.replace(before, () => message);
}

/**
 * Returns an error's message without the name of the call, for readers who did not make it, such as the client of a
 * route.
 * @param error an error that {@link inCall} may have changed.
 */
export const withoutCall = (error: Error): string => bare.get(error) ?? error.message;

/**
 * Runs a function of the app. Its errors keep their message and name no call.
 * @param run calls the function of the app.
 */
export async function ofApp<T>(run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    if (typeof error === 'object' && error !== null) appErrors.add(error);
    throw error;
  }
}

export const detached = (): TypeError =>
  new TypeError(
    'the method was called detached from its object: write (token) => sessions.check(token) instead of sessions.check',
  );

/**
 * Makes the methods of a class name themselves in the errors they throw, see {@link inCall}. With `around`, which runs the
 * methods, all of them return promises.
 * @param api the prototype of the class. Its methods are replaced.
 * @param forms the form of the call for each method.
 * @param around runs a method of an object. Default: the method runs alone.
 */
export function nameCalls<Api extends object>(
  api: Api,
  forms: { readonly [Name in keyof Api]?: string },
  around: (api: Api, run: () => Promise<unknown>) => unknown = (_, run) => run(),
): void {
  for (const [name, form] of Object.entries(forms) as [keyof Api, string][]) {
    const method = api[name] as (this: Api, ...given: unknown[]) => unknown;
    const value = function (this: Api | undefined, ...given: unknown[]): unknown {
      return inCall(form, () => {
        if (this === undefined) throw detached();
        return around(this, () => method.apply(this, given) as Promise<unknown>);
      });
    };
    Object.defineProperty(value, 'name', { value: name });
    Object.defineProperty(api, name, { value, writable: true, configurable: true });
  }
}
