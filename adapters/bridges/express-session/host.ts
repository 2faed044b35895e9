import type { ServerResponse } from 'node:http';
import type { SessionData, Store } from 'express-session';
import type { NodeRequest } from '../../frameworks/http/index.ts';
import type { CallbackRecords } from '../host/callback-store.ts';

/** The data of a session of express-session: as the app has declared them, each as far as it is there, and Passport's. */
export type HostSession = Partial<SessionData> &
  Pick<SessionData, 'cookie'> & { readonly passport?: { readonly user?: string | number } };

/** A request behind express-session: with its session, and the response that goes with it. */
export interface HostRequest extends NodeRequest {
  sessionID: string;
  session?: HostSession | undefined;
  /** Express tells. */
  readonly res?: ServerResponse;
}

/** The part of a store that is bridged, as JavaScript sees it. */
export interface InnerStore extends CallbackRecords<HostSession> {
  /** Makes the session of a request. */
  createSession(request: HostRequest, data: HostSession): object;
  /** Stores say `connect` and `disconnect`. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** A store of express-session's, seen like that. */
export const innerOf = (store: Store): InnerStore => store as unknown as InnerStore;
