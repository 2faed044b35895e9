import type { HostData } from '../host/index.ts';

/** `ctx.session`: the data, and what the host does with them. */
export interface HostSession {
  /** Under which key its data are in the store. */
  readonly externalKey?: string;
  save(): Promise<void> | undefined;
  regenerate(): Promise<void> | undefined;
}

/** How long a session of the host lasts, in ms, or as long as the browser. */
export type MaxAge = number | 'session';

/** A context behind koa-session. */
export interface HostContext<Data extends HostData> {
  /** `null` once somebody has set it to that. */
  get session(): (HostSession & Data) | null;
  /** Whatever is set becomes the data of the session, under the same key. */
  set session(data: HostData | null);
  readonly sessionOptions: { maxAge?: MaxAge; rolling?: boolean; store?: unknown; ContextStore?: unknown };
}

/** What koa-session tells a store beside the data. */
export interface Details {
  readonly ctx?: object;
}

/** A store of koa-session: its option `store`. Answers may be promises. */
export interface ExternalStore {
  /** The data, or nothing where there are none. */
  get(key: string, maxAge: MaxAge, details: Details & { readonly rolling: boolean }): unknown;
  /** Creates or replaces. */
  set(
    key: string,
    data: HostData,
    maxAge: MaxAge,
    details: Details & { readonly rolling: boolean; readonly changed: boolean },
  ): unknown;
  /** Does nothing where there are none. */
  destroy(key: string, details: Details): unknown;
}

/** Whether koa-session is in front. */
export const isHosted = <Data extends HostData>(ctx: object): ctx is HostContext<Data> =>
  'sessionOptions' in ctx && 'session' in ctx;

/** What a store gave, where there is something. */
export const isData = <Data extends HostData>(value: unknown): value is Data =>
  typeof value === 'object' && value !== null;
