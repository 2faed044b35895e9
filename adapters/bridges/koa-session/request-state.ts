import type { Admission } from '../shared/bridge.ts';

export interface RequestState {
  /** The first key that koa-session has read, with the admission of its data; `null` before any. */
  read: { readonly key: string; readonly admission: Admission } | null;
  /** The key of the last save. `session.externalKey` keeps the previous key. */
  savedKey: string | null;
  /** The session's stamp. The app may have removed it from the data. */
  stamp: string | undefined;
  /** The client is getting another key: no sign-out. */
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
