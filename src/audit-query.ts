import { type Core, powerOf } from './core.ts';
import { parseText } from './input.ts';
import { formatCursor, parseCursor, parseLimit } from './page.ts';
import type { AuditEntry, AuditPage } from './powers.ts';
import { accountTag, userTag } from './token.ts';

/** Which entries are wanted. All that is named must hold. */
export interface AuditRequest {
  /** About this user. */
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  /** Done by this actor. */
  readonly by?: string | undefined;
  /** Of these types, as the log names them. */
  readonly types?: readonly string[] | undefined;
  /** Unix ms, included. */
  readonly from?: number | undefined;
  /** Unix ms, not included. */
  readonly until?: number | undefined;
  /** Where the last page said to go on. */
  readonly cursor?: string | null | undefined;
  /** The most entries of a page, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

/** A page of the log, the youngest first. */
export interface AuditResult {
  readonly entries: readonly AuditEntry[];
  /** Hand it in for the next page; `null` where this is the last. */
  readonly cursor: string | null;
}

export const AUDIT_KEYS: readonly string[] = ['user', 'account', 'by', 'types', 'from', 'until', 'cursor', 'limit'];
const MOST_TYPES = 32;

/** Reads a page of the log that the store keeps. */
export async function readAudit(core: Core, request: AuditRequest): Promise<AuditResult> {
  const { realm } = core.settings;
  const tag = (name: 'user' | 'account' | 'by', tagOf: typeof userTag): string | undefined =>
    request[name] === undefined ? undefined : tagOf(realm, parseText(name, request[name]));
  const page: AuditPage = {
    realm: core.realmTag,
    user: tag('user', userTag),
    account: tag('account', accountTag),
    by: tag('by', userTag),
    types: parseTypes(request.types),
    from: parseTime('from', request.from),
    until: parseTime('until', request.until),
    after: parseCursor(request.cursor),
    limit: parseLimit(request.limit),
  };
  const { entries, more } = await powerOf(core, 'audit').read(page);
  const last = entries.at(-1);
  return { entries, cursor: more && last !== undefined ? formatCursor(last) : null };
}

function parseTypes(types: unknown): readonly string[] | undefined {
  if (types === undefined) return undefined;
  if (!Array.isArray(types) || types.length === 0 || types.length > MOST_TYPES) {
    throw new TypeError(`types must be an array of 1 to ${MOST_TYPES} names such as ['sessions.revoked']`);
  }
  return types.map((type, at) => parseText(`types[${at}]`, type));
}

function parseTime(name: string, time: unknown): number | undefined {
  if (time === undefined || (typeof time === 'number' && Number.isSafeInteger(time) && time >= 0)) return time;
  throw new TypeError(`${name} is ${String(time)}; it must be a time in Unix ms`);
}
