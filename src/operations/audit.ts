import type { Core } from '../core/context.ts';
import { parseArguments, parseText, shown } from '../lib/input.ts';
import { formatCursor, parseCursor, parseLimit } from '../lib/page.ts';
import { accountTag, userTag } from '../model/token.ts';
import type { AuditEntry, AuditPage } from '../store/powers.ts';
import { requirePower } from '../store/require-power.ts';

/**
 * Filters the entries that {@link Sessions.audit} returns. An entry must match all filters. Default: every entry of the
 * realm.
 */
export interface AuditRequest {
  /** Only entries about this user. */
  readonly user?: string | undefined;
  /** Only entries about this account. */
  readonly account?: string | undefined;
  /** Only entries of acts by this actor. */
  readonly by?: string | undefined;
  /** Only entries of these types, by their names in the log. 1 to 32 names. */
  readonly types?: readonly string[] | undefined;
  /** Earliest time, Unix ms, inclusive. */
  readonly since?: number | undefined;
  /** Latest time, Unix ms, exclusive. */
  readonly until?: number | undefined;
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string | null | undefined;
  /** Maximum number of entries in a page, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

/** Holds a page of the audit log, the newest entries first. {@link Sessions.audit} returns it. */
export interface AuditResult {
  /** The entries of this page. May be empty although more pages follow. */
  readonly entries: readonly AuditEntry[];
  /** Pass it in to get the next page. `null` on the last page. */
  readonly cursor: string | null;
}

const AUDIT_KEYS = ['user', 'account', 'by', 'types', 'since', 'until', 'cursor', 'limit'];
const MAX_TYPES = 32;

export async function readAudit(core: Core, input: AuditRequest): Promise<AuditResult> {
  const log = requirePower(core.store, 'audit');
  const request = parseArguments<AuditRequest>('the argument', input, AUDIT_KEYS);
  const { realm } = core.settings;
  const tag = (name: 'user' | 'account' | 'by', tagOf: typeof userTag): string | undefined =>
    request[name] === undefined ? undefined : tagOf(realm, parseText(name, request[name]));
  const page: AuditPage = {
    realm: core.realmTag,
    user: tag('user', userTag),
    account: tag('account', accountTag),
    by: tag('by', userTag),
    types: parseTypes(request.types),
    since: parseTime('since', request.since),
    until: parseTime('until', request.until),
    after: parseCursor(request.cursor),
    limit: parseLimit(request.limit),
  };
  const { entries, more } = await log.read(page);
  const last = entries.at(-1);
  return { entries, cursor: more && last !== undefined ? formatCursor(last) : null };
}

function parseTypes(types: unknown): readonly string[] | undefined {
  if (types === undefined) return undefined;
  if (!Array.isArray(types) || types.length === 0 || types.length > MAX_TYPES) {
    throw new TypeError(`types must be an array of 1 to ${MAX_TYPES} names such as ['sessions.revoked']`);
  }
  return types.map((type, at) => parseText(`types[${at}]`, type));
}

function parseTime(name: string, time: unknown): number | undefined {
  if (time === undefined || (typeof time === 'number' && Number.isSafeInteger(time) && time >= 0)) return time;
  throw new TypeError(`${name} is ${shown(time)}; it must be a time in Unix ms, such as date.getTime()`);
}
