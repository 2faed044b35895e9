import type { Admission } from '../shared/bridge.ts';

/** What the bridge knows about a request, from the moment when koa-session reads its data. */
export interface RequestState {
  /** The key that koa-session has read, and the admission of its data; `null` if it has read none. */
  read: { readonly key: string; readonly admission: Admission } | null;
  /** The key of the last save. `session.externalKey` keeps the previous key. */
  savedKey: string | null;
  /** The stamp of the session. The app may have removed it from the data. */
  stamp: string | undefined;
  /** The client is getting another key, which is no sign-out. */
  isRotating: boolean;
}

export class RequestStates {
  readonly #states = new WeakMap<object, RequestState>();

  of(ctx: object): RequestState {
    const known = this.#states.get(ctx);
    if (known !== undefined) return known;
    const state: RequestState = { read: null, savedKey: null, stamp: undefined, isRotating: false };
    this.#states.set(ctx, state);
    return state;
  }
}
