import type { Core, Identity } from './core.ts';
import { formatCursor, parseCursor, parseLimit } from './page.ts';
import { judge, type ListedSession, listed } from './session.ts';

/** Options of a list. */
export interface ListRequest {
  /** Where the last page said to go on. */
  readonly cursor?: string | null | undefined;
  /** The most rows of a page, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
  /** Whether sessions that are over are wanted too. Default `false`. */
  readonly ended?: boolean | undefined;
}

/** A page. */
export interface ListResult {
  readonly sessions: readonly ListedSession[];
  /** Hand it in for the next page; `null` where this is the last. Opaque, and no secret. */
  readonly cursor: string | null;
}

export const LIST_KEYS: readonly string[] = ['cursor', 'limit', 'ended'];
// A user of very many revoked sessions gets short pages rather than a request without end.
const MOST_READS = 10;

export async function list(core: Core, { tags }: Identity, request: ListRequest): Promise<ListResult> {
  const limit = parseLimit(request.limit);
  if (request.ended !== undefined && typeof request.ended !== 'boolean') throw new TypeError('ended must be a boolean');
  const place = parseCursor(request.cursor);
  let after = place === undefined ? undefined : { createdAt: place.at, id: place.id };

  const now = core.now();
  const sessions: ListedSession[] = [];
  let more = true;
  for (let reads = 0; more && reads < MOST_READS && sessions.length < limit; reads++) {
    const page = { account: tags.account ?? undefined, over: request.ended === true, now, after, limit };
    const answer = await core.store.list(core.realmTag, tags.user, page);
    more = answer.more;
    for (const { session, epochs } of answer.found) {
      if (sessions.length === limit) {
        more = true;
        break;
      }
      after = { createdAt: session.createdAt, id: session.id };
      const over = judge(session, epochs, now);
      if (over === null || request.ended === true) sessions.push(listed(session, over));
    }
  }
  return { sessions, cursor: more && after !== undefined ? formatCursor({ at: after.createdAt, id: after.id }) : null };
}
