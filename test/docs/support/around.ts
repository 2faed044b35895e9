import { text } from 'node:stream/consumers';
import express from 'express';
import type Koa from 'koa';
import { createSessions, type Session } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import { accessTokens, generateKey, tokenGuard } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';

/** The user who signs in to the programs of the pages. */
export const OWNER = { user: 'owner', email: 'owner@acme.example', password: 'correct horse' } as const;

/** Returns values for the names that fragments in the pages use without an import or a declaration. */
export async function openAround() {
  const [sessions, staff, customers] = ['default', 'staff', 'customers'].map((realm) =>
    createSessions({ store: memoryStore(), realm, policy: 'stored' }),
  ) as [Sessions, Sessions, Sessions];
  const fence = await sessions.fence({ user: OWNER.user });
  const started = await sessions.start({ user: OWNER.user, fence });
  if (!started.ok) throw new Error(started.reason);
  const session: Session = started.session;
  await tokenGuard(sessions).setup();
  const passwordIsRight = async (user: string, password: string): Promise<boolean> =>
    user === OWNER.user && password === OWNER.password;
  const users = {
    idOf: async (email: string): Promise<string | null> => (email === OWNER.email ? OWNER.user : null),
    verify: async (user: string | null, password: string): Promise<boolean> =>
      user !== null && passwordIsRight(user, password),
    async setPassword(_user: string, _password: string): Promise<void> {},
  };
  const { authOf, sessionOf, authentication, requireSession, sessionRoutes, safeReturnPath } = onExpress;
  return {
    ...{ sessions, staff, customers, session, sqliteStore, express, app: express() },
    ...{ authOf, sessionOf, authentication, requireSession, sessionRoutes, safeReturnPath },
    ...{ users, passwordIsRight, password: OWNER.password, userAgent: 'curl', ip: '127.0.0.1' },
    rolesOf: (_user: string): readonly string[] => ['admin'],
  };
}

type Sessions = ReturnType<typeof createSessions>;

/** Returns values for the names that pages declare with `declare const` and `declare function`. */
export function declaredValues({
  sessions,
}: Awaited<ReturnType<typeof openAround>>): Readonly<Record<string, unknown>> {
  const key = generateKey('EdDSA');
  const [issuer, audience] = ['https://app.example.org', 'https://api.example.org'];
  const now = Math.floor(Date.now() / 1_000);
  return {
    key,
    keys: [key],
    tokens: accessTokens(sessions, { issuer, audience, keys: [key] }),
    claims: { iss: issuer, sub: OWNER.user, iat: now, exp: now + 60, auth_time: now, jti: 'token-1', sid: 'session-1' },
    inner: { async get() {}, async set() {}, async destroy() {} },
    legacy: { read: async () => null, forget: async () => {} },
    codes: { verify: async () => false },
    cities: { get: async () => null },
    bodyOf: async (ctx: Koa.Context) => Object.fromEntries(new URLSearchParams(await text(ctx.req))),
  };
}
