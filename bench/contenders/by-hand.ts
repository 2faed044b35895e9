import { hash, randomBytes } from 'node:crypto';
import { byCookie } from '../harness/by-cookie.ts';
import type { Work } from '../harness/section.ts';

const DAY = 86_400_000;

/**
 * A strict check as an expert would write it for one app. It does everything that a revocation needs, and has no
 * options.
 */
export const byHand = (count: number) => async (): Promise<Work> => {
  const realm = { epoch: 1 };
  const accounts = Array.from({ length: 50 }, () => ({ epoch: 1 }));
  const users = new Map<string, { epoch: number }>();
  const sessions = new Map<string, ReturnType<typeof row>>();
  const row = (nth: number, secret: string) => ({
    user: `user-${nth}`,
    account: accounts[nth % 50] as { epoch: number },
    hash: hash('sha256', secret, 'base64url'),
    expiresAt: Date.now() + 30 * DAY,
    idle: 14 * DAY,
    lastUsedAt: Date.now(),
    stamps: { realm: 1, account: 1, user: 1 },
  });
  const tokens = Array.from({ length: count }, (_, nth) => {
    const [id, secret] = [randomBytes(16).toString('base64url'), randomBytes(32).toString('base64url')];
    users.set(`user-${nth}`, { epoch: 1 });
    sessions.set(id, row(nth, secret));
    return `${id}.${secret}`;
  });
  const refused = { ok: false, reason: 'refused' };
  return byCookie('sid', tokens, (token) => {
    if (token.length !== 66 || token[22] !== '.') return refused;
    const session = sessions.get(token.slice(0, 22));
    if (session === undefined || session.hash !== hash('sha256', token.slice(23), 'base64url')) return refused;
    const user = users.get(session.user);
    const now = Date.now();
    if (now >= session.expiresAt || now - session.lastUsedAt >= session.idle) return refused;
    const { stamps, account } = session;
    if (user?.epoch !== stamps.user || account.epoch !== stamps.account || realm.epoch !== stamps.realm) return refused;
    return { ok: true, session };
  });
};
