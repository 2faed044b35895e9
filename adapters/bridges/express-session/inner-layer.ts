import type { ServerResponse } from 'node:http';
import type { SessionData, Store } from 'express-session';
import type { NodeRequest } from '../../frameworks/http/index.ts';
import type { CallbackRecords } from '../shared/callback-store.ts';

/**
 * The data of a session of express-session, as the app has declared them. Passport's types declare no data: `passport.user` is an id
 * unless the app declares what its `serializeUser` writes.
 */
export type InnerSession = Partial<SessionData> &
  Pick<SessionData, 'cookie'> &
  ('passport' extends keyof SessionData ? unknown : { readonly passport?: { readonly user?: string | number } });

export interface InnerRequest extends NodeRequest {
  sessionID: string;
  session?: InnerSession | undefined;
  /** Set by Express. */
  readonly res?: ServerResponse;
}

/** The members of a store that the bridge uses, in a type that ignores overloads. */
export interface InnerStore extends CallbackRecords<InnerSession> {
  createSession(request: InnerRequest, data: InnerSession): object;
  /** Stores emit `connect` and `disconnect`. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

export const innerOf = (store: Store): InnerStore => store as unknown as InnerStore;
