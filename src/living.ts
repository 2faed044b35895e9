import type { Core } from './core.ts';
import { type Coverage, isCovered } from './epoch.ts';
import type { Target } from './revocation.ts';
import { judge, type ListedSession, listed, type SessionRecord } from './session.ts';
import type { Tag } from './token.ts';

const PAGE = 500;

/** Every living session of a user, or of a member: the youngest first. */
export async function* livingIn(
  core: Core,
  user: Tag,
  account: Tag | undefined,
  now: number,
): AsyncGenerator<SessionRecord> {
  let after: { createdAt: number; id: string } | undefined;
  for (let more = true; more; ) {
    const answer = await core.store.list(core.realmTag, user, { account, over: false, now, after, limit: PAGE });
    for (const { session, epochs } of answer.found) if (judge(session, epochs, now) === null) yield session;
    after = answer.found.at(-1)?.session;
    more = answer.more && after !== undefined;
  }
}

/** Every user who has sessions in an account, or in the realm: each once, in no order. */
export async function* usersIn(core: Core, account: Tag | null): AsyncGenerator<Tag> {
  const of = { realm: core.settings.realm, account };
  const seen = new Set<Tag>();
  let after: string | null = null;
  do {
    const page: { readonly users: readonly Tag[]; readonly after: string | null } = await core.store.users(
      of,
      after,
      PAGE,
    );
    for (const user of page.users) {
      if (seen.has(user)) continue;
      seen.add(user);
      yield user;
    }
    after = page.after;
    // Embedded stores answer at once: everything else gets its turn.
    if (after !== null) await new Promise((resolve) => setImmediate(resolve));
  } while (after !== null);
}

/** Every living session that a scope covers. */
export async function* livingUnder(core: Core, target: Target, now: number): AsyncGenerator<SessionRecord> {
  if (target.user !== null) {
    yield* livingIn(core, target.tag, target.member ?? undefined, now);
    return;
  }
  const account = target.scope === 'account' ? target.tag : undefined;
  for await (const user of usersIn(core, account ?? null)) yield* livingIn(core, user, account, now);
}

/** What a revocation or a cleaning up would end, of whom at most 1,000 are named. */
export interface WouldEnd {
  readonly sessions: readonly ListedSession[];
  /** Whether there are more than are named here. */
  readonly more: boolean;
}

/** The most sessions that a dry run names. */
const MOST_NAMED = 1000;

/** Names the living sessions under a scope that `ends` says would end. */
export async function wouldEnd(
  core: Core,
  target: Target,
  ends: (session: SessionRecord) => boolean,
): Promise<WouldEnd> {
  const sessions: ListedSession[] = [];
  for await (const session of livingUnder(core, target, core.now())) {
    if (!ends(session)) continue;
    if (sessions.length === MOST_NAMED) return { sessions, more: true };
    sessions.push(listed(session, null));
  }
  return { sessions, more: false };
}

/** Whether a revocation ends a session, but for the one that it keeps. */
export const endedBy =
  (covers: Coverage, kept: string | null) =>
  ({ id, kind }: SessionRecord): boolean =>
    id !== kept && isCovered(covers, kind);
