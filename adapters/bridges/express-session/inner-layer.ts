import type { ServerResponse } from 'node:http';
import type { SessionData, Store } from 'express-session';
import type { NodeRequest } from '../../frameworks/http/index.ts';
import type { CallbackRecords } from '../shared/callback-store.ts';

/** Session data of express-session. `passport.user` is an id, unless the app declares what its `serializeUser` writes. */
export type InnerSession = Partial<SessionData> &
  Pick<SessionData, 'cookie'> &
  ('passport' extends keyof SessionData
    ? unknown
    : {
        /** Data of Passport. Missing in a session without it. */
        readonly passport?: {
          /** The result of the app's `serializeUser`. Missing if no user is signed in. */
          readonly user?: string | number;
        };
      });

export interface InnerRequest extends NodeRequest {
  sessionID: string;
  session?: InnerSession | undefined;
  readonly res?: ServerResponse;
}

/** The subset of `Store` that the bridge uses, without overloads. */
export interface InnerStore extends CallbackRecords<InnerSession> {
  createSession(request: InnerRequest, data: InnerSession): object;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

export const innerOf = (store: Store): InnerStore => store as unknown as InnerStore;
