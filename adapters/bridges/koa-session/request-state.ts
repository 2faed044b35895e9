import type { Admission } from '../shared/bridge.ts';

export interface RequestState {
  /** The first key that koa-session has read, with the admission of its data. `null` before the first read. */
  read: { readonly key: string; readonly admission: Admission } | null;
  /** The key of the last save. `session.externalKey` keeps the previous key. */
  savedKey: string | null;
  /** The session's stamp. The app may have removed it from the data. */
  stamp: string | undefined;
  /** True while the client gets another key. The store's calls are then part of that change, not a sign-out. */
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
