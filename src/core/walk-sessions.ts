import { type Coverage, type Epochs, isCovered, livingStamps } from '../model/epoch.ts';
import { judge } from '../model/judge.ts';
import type { ScopeTarget } from '../model/scope.ts';
import { type ListedSession, listed, type SessionRecord } from '../model/session.ts';
import type { Tag } from '../model/token.ts';
import type { Born, FoundSession } from '../store/store.ts';
import type { Core } from './context.ts';

const PAGE = 500;

/** After this many users, the event loop gets a turn. */
const USERS_A_TURN = 20;

/** The number of users remembered to avoid reading them twice: a store may name a user twice. */
const MAX_SEEN = 10_000;

/** Yields every living session of a user, or of a member, the youngest first. */
export async function* livingIn(
  core: Core,
  user: Tag,
  account: Tag | undefined,
  now: number,
): AsyncGenerator<SessionRecord> {
  for await (const { session, epochs } of unexpiredIn(core, user, account, now)) {
    if (judge(session, epochs, now) === null) yield session;
  }
}

/**
 * Yields every session of a user, or of a member, that was not ended and has not expired, and also revoked ones. Without `born`, pages
 * after the first leave out sessions that the first page's records revoke.
 */
export async function* unexpiredIn(
  core: Core,
  user: Tag,
  account: Tag | null | undefined,
  now: number,
  born?: Born,
): AsyncGenerator<FoundSession> {
  let after: { createdAt: number; id: string } | undefined;
  let narrowed = born;
  for (let more = true; more; ) {
    const page = { account, born: narrowed, ended: false, now, after, limit: PAGE };
    const answer = await core.store.list(core.realmTag, user, page);
    yield* answer.found;
    const last = answer.found.at(-1);
    after = last?.session;
    narrowed ??= last && bornUnder(last.epochs, account);
    more = answer.more && after !== undefined;
    if (more) await othersTurn();
  }
}

/** Returns the `born` of a page. Across all accounts only the user's stamps apply, because each account has its own. */
export function bornUnder(
  { user, member }: Pick<Epochs, 'user' | 'member'>,
  account: Tag | null | undefined,
  kind?: string,
): Born | undefined {
  if (user === null) return undefined;
  if (account === undefined || account === null) return { user: livingStamps(user, kind), member: null };
  return member === null ? undefined : { user: livingStamps(user, kind), member: livingStamps(member, kind) };
}

/** Gives the event loop a turn. Embedded stores answer synchronously, and would block it. */
export const othersTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Yields the users of an account, or of the realm for `null`. May yield a user twice. */
async function* usersIn(core: Core, account: Tag | null): AsyncGenerator<Tag> {
  const of = { realm: core.settings.realm, account };
  const seen = new Set<Tag>();
  let after: string | null = null;
  do {
    const page: { readonly users: readonly Tag[]; readonly after: string | null } = await core.store.listUsers(
      of,
      after,
      PAGE,
    );
    if (seen.size >= MAX_SEEN) seen.clear();
    for (const user of page.users) {
      if (seen.has(user)) continue;
      seen.add(user);
      yield user;
      if (seen.size % USERS_A_TURN === 0) await othersTurn();
    }
    after = page.after;
    if (after !== null) await othersTurn();
  } while (after !== null);
}

/** Yields every living session in a scope. May yield a session twice. */
export async function* livingUnder(core: Core, target: ScopeTarget, now: number): AsyncGenerator<SessionRecord> {
  if (target.user !== null) {
    yield* livingIn(core, target.tag, target.member ?? undefined, now);
    return;
  }
  const account = target.scope === 'account' ? target.tag : undefined;
  for await (const user of usersIn(core, account ?? null)) yield* livingIn(core, user, account, now);
}

/**
 * Names the sessions that a revocation or a cleanup would end, at most 1,000. A {@link Sessions.revoke} with `dryRun`
 * returns it.
 */
export interface WouldEnd {
  /** At most 1,000. */
  readonly sessions: readonly ListedSession[];
  /** True if more sessions would end than are named here. */
  readonly more: boolean;
}

const MAX_NAMED = 1000;

export async function wouldEnd(
  core: Core,
  target: ScopeTarget,
  ends: (session: SessionRecord) => boolean,
): Promise<WouldEnd> {
  const named = new Map<string, ListedSession>();
  for await (const session of livingUnder(core, target, core.now())) {
    if (!ends(session) || named.has(session.id)) continue;
    if (named.size === MAX_NAMED) return { sessions: [...named.values()], more: true };
    named.set(session.id, listed(session, null));
  }
  return { sessions: [...named.values()], more: false };
}

export const endedBy =
  (covers: Coverage, kept: string | null) =>
  ({ id, kind }: SessionRecord): boolean =>
    id !== kept && isCovered(covers, kind);
