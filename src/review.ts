import type { Core } from './core.ts';
import { parseArguments, parseText } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import { livingIn } from './living.ts';
import { parseLimit } from './page.ts';
import { type ListedSession, listed, type SessionRecord } from './session.ts';
import type { Awaitable } from './store.ts';
import { accountTag, type Tag } from './token.ts';

/** What is looked at. */
export interface ReviewRequest {
  readonly account: string;
  /** A session is idle that was not used for so long. Default `'30d'`. */
  readonly idleFor?: Duration | undefined;
  /** The roles of a user, from the app's own data. */
  readonly roles?: ((user: string) => Awaitable<readonly string[]>) | undefined;
  /** Where the last page said to go on. */
  readonly cursor?: string | null | undefined;
  /** The most members of a page, 1 to 1,000. Default 1,000. */
  readonly limit?: number | undefined;
}

/** A living session, as a review sees it. */
export interface ReviewedSession extends ListedSession {
  /** Whether it was not used for long. */
  readonly idle: boolean;
  /** Whether it was started with two factors, by its `amr`. */
  readonly secondFactor: boolean;
}

/** Somebody with living sessions in the account. */
export interface ReviewedMember {
  readonly user: string;
  /** `null` where the app gave none. */
  readonly roles: readonly string[] | null;
  /** Whether every session was started with two factors. */
  readonly secondFactor: boolean;
  readonly sessions: readonly ReviewedSession[];
}

/** A device that several members are signed in on: by its device cookie, else by the same address and label. */
export interface SharedDevice {
  readonly label: string;
  readonly ip: string | null;
  readonly users: readonly string[];
}

/** A page of a review. */
export interface Review {
  readonly members: readonly ReviewedMember[];
  /** Among the members of this page. */
  readonly sharedDevices: readonly SharedDevice[];
  /** Hand it in for the next page; `null` where this is the last. */
  readonly cursor: string | null;
}

export const REVIEW_KEYS: readonly string[] = ['account', 'idleFor', 'roles', 'cursor', 'limit'];
const DEFAULT_IDLE = 30 * 86400e3;
const MOST_MEMBERS = 1000;
const LONGEST_CURSOR = 256;

/** Who is signed in to an account, with what decides about it: roles, second factors, idle sessions, shared devices. */
export async function review(core: Core, input: unknown): Promise<Review> {
  const request = parseArguments('review', input, REVIEW_KEYS) as unknown as ReviewRequest;
  const account = accountTag(core.settings.realm, parseText('account', request.account));
  const idleFor = request.idleFor === undefined ? DEFAULT_IDLE : parseDuration('idleFor', request.idleFor);
  const { roles } = request;
  const after = parseUsersCursor(request.cursor);
  if (roles !== undefined && typeof roles !== 'function') throw new TypeError('roles must be a function of a user');
  const limit = parseLimit(request.limit, MOST_MEMBERS);

  const now = core.now();
  const page = await core.store.users({ realm: core.settings.realm, account }, after, limit);
  const members: ReviewedMember[] = [];
  const devices = new SharedDevices();
  for (const tag of new Set<Tag>(page.users)) {
    const sessions: ReviewedSession[] = [];
    for await (const session of livingIn(core, tag, account, now)) {
      const idle = now - session.lastUsedAt >= idleFor;
      sessions.push({ ...listed(session, null), idle, secondFactor: hasTwoFactors(session.amr) });
      devices.add(session);
    }
    const [first] = sessions;
    if (first === undefined) continue;
    members.push({
      user: first.user,
      roles: roles === undefined ? null : [...(await roles(first.user))],
      secondFactor: sessions.every(({ secondFactor }) => secondFactor),
      sessions,
    });
  }
  return {
    members,
    sharedDevices: devices.shared(),
    cursor: page.after === null ? null : formatUsersCursor(page.after),
  };
}

const formatUsersCursor = (after: string): string => `u.${Buffer.from(after).toString('base64url')}`;

/** Where the store goes on. @throws `TypeError` for what no page gave. */
function parseUsersCursor(cursor: unknown): string | null {
  if (cursor === undefined || cursor === null) return null;
  const after = typeof cursor === 'string' ? Buffer.from(cursor.slice(2, LONGEST_CURSOR), 'base64url').toString() : '';
  if (/^[\x21-\x7e]{1,128}$/.test(after) && cursor === formatUsersCursor(after)) return after;
  throw new TypeError('cursor must be what the last page gave');
}

class SharedDevices {
  readonly #devices = new Map<string, { label: string; ip: string | null; users: Set<string> }>();

  add({ user, device: { label, ip }, deviceTag }: SessionRecord): void {
    // An address alone is a whole office; a label alone is half of the world.
    if (deviceTag === null && ip === null) return;
    const key = deviceTag ?? JSON.stringify([ip, label]);
    const device = this.#devices.get(key) ?? { label, ip, users: new Set() };
    device.users.add(user);
    this.#devices.set(key, device);
  }

  shared(): readonly SharedDevice[] {
    return [...this.#devices.values()]
      .filter(({ users }) => users.size > 1)
      .map(({ label, ip, users }) => ({ label, ip, users: [...users].sort() }));
  }
}

/** What sort of factor a method is (RFC 8176, section 2). Another name proves nothing: nobody knows what it stands for. */
const FACTORS: Readonly<Record<string, string>> = {
  ...{ pwd: 'knowledge', pin: 'knowledge', kba: 'knowledge' },
  ...{ otp: 'possession', sms: 'possession', tel: 'possession', hwk: 'possession', swk: 'possession' },
  ...{ sc: 'possession', pop: 'possession' },
  ...{ fpt: 'inherence', face: 'inherence', iris: 'inherence', retina: 'inherence', vbm: 'inherence' },
};

/** Whether somebody authenticated with factors of two sorts (NIST SP 800-63B-4, 2.2), or the method says so itself. */
export function hasTwoFactors(amr: readonly string[]): boolean {
  if (amr.includes('mfa')) return true;
  const sorts = amr.filter((method) => Object.hasOwn(FACTORS, method)).map((method) => FACTORS[method]);
  return new Set(sorts).size >= 2;
}
