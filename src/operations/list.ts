import type { Core } from '../core/context.ts';
import { bornUnder } from '../core/walk-sessions.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import { formatCursor, parseCursor, parseLimit } from '../lib/page.ts';
import { identify } from '../model/identity.ts';
import { judge } from '../model/judge.ts';
import { type ListedSession, listed } from '../model/session.ts';
import type { Born } from '../store/store.ts';

/** Holds the options of {@link Sessions.list}. */
export interface ListRequest {
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string | null | undefined;
  /** Maximum number of sessions in a page, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
  /** Set to `true` to include sessions that are over. Default `false`. */
  readonly ended?: boolean | undefined;
}

/** Holds a page of sessions, the newest first. {@link Sessions.list} returns it. */
export interface ListResult {
  /** The sessions of this page. May be empty although more pages follow. */
  readonly sessions: readonly ListedSession[];
  /** Pass it in to get the next page. `null` on the last page. Opaque, but not secret. */
  readonly cursor: string | null;
}

const LIST_KEYS = ['cursor', 'limit', 'ended'];
// Bounds the reads of one call: a user with very many revoked sessions gets short pages.
const MAX_READS = 10;

/** Selects the sessions to list: those of a user in all accounts, or those in one account. */
export interface ListScope {
  /** Required. */
  readonly user: string;
  /** Default: all accounts, and sessions without one. */
  readonly account?: string | undefined;
}

export async function list(core: Core, scope: ListScope, input: ListRequest): Promise<ListResult> {
  const { user, account: accountName } = parseArguments<ListScope>('the argument', scope, ['user', 'account']);
  const request = parseArguments<ListRequest>('the second argument', input, LIST_KEYS);
  const { tags } = identify(core.settings.realm, user, accountName);
  const limit = parseLimit(request.limit);
  const ended = parseSwitch('ended', request.ended);
  const place = parseCursor(request.cursor);
  let after = place === undefined ? undefined : { createdAt: place.at, id: place.id };

  const now = core.now();
  const sessions: ListedSession[] = [];
  const account = tags.account ?? undefined;
  let more = true;
  let born: Born | undefined;
  for (let reads = 0; more && reads < MAX_READS && sessions.length < limit; reads++) {
    const page = { account, born, ended, now, after, limit };
    const answer = await core.store.list(core.realmTag, tags.user, page);
    more = answer.more;
    // The next reads leave out the sessions that the records of this page revoke.
    const last = answer.found.at(-1);
    if (!ended) born = last && bornUnder(last.epochs, account);
    for (const { session, epochs } of answer.found) {
      if (sessions.length === limit) {
        more = true;
        break;
      }
      after = { createdAt: session.createdAt, id: session.id };
      const end = judge(session, epochs, now);
      if (end === null || ended) sessions.push(listed(session, end));
    }
  }
  return { sessions, cursor: more && after !== undefined ? formatCursor({ at: after.createdAt, id: after.id }) : null };
}
