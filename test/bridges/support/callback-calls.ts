import type { SessionData, Store } from 'express-session';

declare module 'express-session' {
  /** The data that the apps under test keep for a visitor. */
  interface SessionData {
    userId?: string | undefined;
    account?: string | undefined;
    cart?: string[] | undefined;
    passport?: { user?: string | undefined } | undefined;
  }
}

/** The arguments of a callback. */
export interface Called<Value> {
  readonly error: unknown;
  readonly value: Value;
}

/** Waits for a method of a store to call back. */
export const called = <Value = unknown>(
  run: (callback: (error?: unknown, value?: Value) => void) => unknown,
): Promise<Called<Value | undefined>> =>
  new Promise((resolve) => {
    run((error, value) => resolve({ error: error ?? null, value }));
  });

/** Returns the record of an id, or `null`. Stores report a missing record in different ways. */
export async function recordOf(store: Store, sid: string): Promise<SessionData | null> {
  const { error, value } = await called<SessionData | null>((callback) => store.get(sid, callback));
  if (error !== null && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return value ?? null;
}
