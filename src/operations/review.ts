import type { Core } from '../core/context.ts';
import { livingIn, othersTurn } from '../core/walk-sessions.ts';
import type { Awaitable } from '../lib/awaitable.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { parseArguments, parseText } from '../lib/input.ts';
import { parseLimit } from '../lib/page.ts';
import { hasTwoFactors } from '../model/factors.ts';
import { type ListedSession, listed, type SessionRecord } from '../model/session.ts';
import { accountTag, type Tag } from '../model/token.ts';
import { malformed } from '../store/ensure-epochs.ts';
import type { SessionStore } from '../store/store.ts';

/** Holds the arguments of {@link Sessions.review}. */
export interface ReviewRequest {
  /** The account whose members are reviewed. Required. */
  readonly account: string;
  /** Sessions that were not used for this time count as idle. Default `'30d'`. */
  readonly idleFor?: Duration | undefined;
  /** Returns the roles of a user, from the app's own data. Called for each member. Default: `roles` is `null`. */
  readonly roles?: ((user: string) => Awaitable<readonly string[]>) | undefined;
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string | null | undefined;
  /** Maximum number of members in a page, 1 to 1,000. Default 1,000. */
  readonly limit?: number | undefined;
}

/** A living session in a review. */
export interface ReviewedSession extends ListedSession {
  /** `true` where the session was not used for `idleFor`. */
  readonly idle: boolean;
  /** `true` where the session's `amr` shows two factors. */
  readonly secondFactor: boolean;
}

/** Describes a user with living sessions in the account. {@link Sessions.review} returns it. */
export interface ReviewedMember {
  /** The app's id of the user. */
  readonly user: string;
  /** `null` without the option `roles`. */
  readonly roles: readonly string[] | null;
  /** `true` where every session was started with two factors. */
  readonly secondFactor: boolean;
  /** The newest sessions, at most 1,000. */
  readonly sessions: readonly ReviewedSession[];
  /** `true` where the member has more sessions than are listed. */
  readonly more: boolean;
}

/** A device on which several members are signed in, known by its device cookie, else by address and label. */
export interface SharedDevice {
  /** The label of the device, such as `'Chrome on Windows'`. */
  readonly label: string;
  /** The address of the device; `null` if unknown. */
  readonly ip: string | null;
  /** The app's ids of the users, at least two. */
  readonly users: readonly string[];
}

/**
 * Holds a page of a review. A page may be short. Only the last page may be empty. {@link Sessions.review} returns it.
 */
export interface Review {
  /** The members of this page who have living sessions. */
  readonly members: readonly ReviewedMember[];
  /** Counts only the sessions that this page lists. */
  readonly sharedDevices: readonly SharedDevice[];
  /** Pass it in to get the next page. `null` on the last page. */
  readonly cursor: string | null;
}

const REVIEW_KEYS = ['account', 'idleFor', 'roles', 'cursor', 'limit'];
const DEFAULT_IDLE = 30 * 86400e3;
const MAX_MEMBERS = 1000;
const USERS_A_STEP = 50;
/** Maximum number of sessions listed for one member. The page ends once it lists `MAX_NAMED` in all. */
const MAX_OF_MEMBER = 1000;
const MAX_NAMED = 5000;
const MAX_CURSOR = 256;

export async function review(core: Core, input: unknown): Promise<Review> {
  const request = parseArguments<ReviewRequest>('the argument', input, REVIEW_KEYS);
  const account = accountTag(core.settings.realm, parseText('account', request.account));
  const idleFor = request.idleFor === undefined ? DEFAULT_IDLE : parseDuration('idleFor', request.idleFor);
  const { roles } = request;
  const start = parseUsersCursor(request.cursor);
  if (roles !== undefined && typeof roles !== 'function') throw new TypeError('roles must be a function of a user');
  const limit = parseLimit(request.limit, MAX_MEMBERS);

  const of = { realm: core.settings.realm, account };
  const now = core.now();
  const members = new Map<Tag, ReviewedMember>();
  const devices = new SharedDevices();
  let after = start;
  let lookedAt = 0;
  let named = 0;
  do {
    // One page reads users in steps, and ends once it lists many sessions.
    const most = Math.min(USERS_A_STEP, limit - members.size);
    const page: Awaited<ReturnType<SessionStore['listUsers']>> = await core.store.listUsers(of, after, most);
    for (const tag of new Set<Tag>(page.users)) {
      if (members.has(tag)) continue;
      const member = await reviewMember(core, { tag, account, now, idleFor }, devices);
      if (member === null) continue;
      members.set(tag, { ...member, roles: roles === undefined ? null : parseRoles(await roles(member.user)) });
      named += member.sessions.length;
    }
    lookedAt += most;
    if (page.after !== null && page.after === after) throw malformed('listUsers');
    ({ after } = page);
    await othersTurn();
  } while (after !== null && (members.size === 0 || (lookedAt < limit && named < MAX_NAMED)));
  return {
    members: [...members.values()],
    sharedDevices: devices.shared(),
    cursor: after === null ? null : formatUsersCursor(after),
  };
}

interface Membership {
  readonly tag: Tag;
  readonly account: Tag;
  readonly now: number;
  readonly idleFor: number;
}

async function reviewMember(
  core: Core,
  { tag, account, now, idleFor }: Membership,
  devices: SharedDevices,
): Promise<Omit<ReviewedMember, 'roles'> | null> {
  const sessions: ReviewedSession[] = [];
  let [all, more] = [true, false];
  for await (const session of livingIn(core, tag, account, now)) {
    const secondFactor = hasTwoFactors(session.amr);
    all &&= secondFactor;
    more = sessions.length === MAX_OF_MEMBER;
    if (more) continue;
    sessions.push({ ...listed(session, null), idle: now - session.lastUsedAt >= idleFor, secondFactor });
    devices.add(session);
  }
  const [first] = sessions;
  return first === undefined ? null : { user: first.user, secondFactor: all, sessions, more };
}

/** Requires a list of texts. A single text would be split into letters. */
function parseRoles(answer: unknown): readonly string[] {
  if (Array.isArray(answer) && answer.every((role) => typeof role === 'string')) return [...answer];
  throw new TypeError("roles must give an array of texts, such as ['admin']");
}

const formatUsersCursor = (after: string): string => `u.${Buffer.from(after).toString('base64url')}`;

function parseUsersCursor(cursor: unknown): string | null {
  if (cursor === undefined || cursor === null) return null;
  const after = typeof cursor === 'string' ? Buffer.from(cursor.slice(2, MAX_CURSOR), 'base64url').toString() : '';
  if (/^[\x21-\x7e]{1,128}$/.test(after) && cursor === formatUsersCursor(after)) return after;
  throw new TypeError('cursor must be what the last page gave');
}

class SharedDevices {
  readonly #devices = new Map<string, { label: string; ip: string | null; users: Set<string> }>();

  add({ user, device: { label, ip }, deviceTag }: SessionRecord): void {
    // Without a device cookie and an address, only the label is left, and many people share a label.
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
