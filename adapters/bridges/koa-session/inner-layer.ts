import type { InnerData } from '../shared/stamp.ts';

export interface InnerSession {
  readonly externalKey?: string;
  save(): Promise<void> | undefined;
  regenerate(): Promise<void> | undefined;
}

/** Lifetime of a session in koa-session: in ms, or until the browser closes. */
export type MaxAge = number | 'session';

export interface InnerContext<Data extends InnerData> {
  /** `null` after a sign-out. */
  get session(): (InnerSession & Data) | null;
  /** Replaces the data under the same key. */
  set session(data: InnerData | null);
  readonly sessionOptions: {
    key?: string;
    maxAge?: MaxAge;
    rolling?: boolean;
    store?: unknown;
    ContextStore?: unknown;
  };
}

/** Details that koa-session passes to its store. */
export interface Details {
  /** Context of the request. Missing if the app itself calls the store. */
  readonly ctx?: object;
}

/** A store of koa-session, its option `store`. Methods may return promises. */
export interface ExternalStore {
  /**
   * Returns the data, or nothing for an unknown key.
   * @param key the id of the session, usually from the cookie.
   * @param maxAge the option `maxAge` of koa-session.
   * @param details the context, and options that apply to the session.
   */
  get(
    key: string,
    maxAge: MaxAge,
    details: Details & {
      /** The option `rolling` of koa-session. */
      readonly rolling: boolean;
    },
  ): unknown;
  /**
   * Creates or replaces.
   * @param key the id of the session.
   * @param data the data, with the field `sessionRevocation`.
   * @param maxAge the option `maxAge` of koa-session.
   * @param details the context, and why the session is saved.
   */
  set(
    key: string,
    data: InnerData,
    maxAge: MaxAge,
    details: Details & {
      /** The option `rolling` of koa-session. */
      readonly rolling: boolean;
      /** False if the data are the same as before, and only their lifetime begins again. */
      readonly changed: boolean;
    },
  ): unknown;
  /**
   * Does nothing for an unknown key.
   * @param key the id of the session.
   * @param details the context of the request.
   */
  destroy(key: string, details: Details): unknown;
}

export const isInnerContext = <Data extends InnerData>(ctx: object): ctx is InnerContext<Data> =>
  'sessionOptions' in ctx && 'session' in ctx;

export const isData = <Data extends InnerData>(value: unknown): value is Data =>
  typeof value === 'object' && value !== null;
