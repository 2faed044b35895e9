import type { StartRefusal } from './events.ts';
import type { SessionRecord } from './session.ts';

/** How many sessions a user may have, and what happens to the one too many. */
export interface Limit {
  /** Counted per user, account and kind; the living only. */
  readonly perUser: number;
  /** `'end-oldest'` ends the oldest, `'refuse'` refuses the new one. */
  readonly overflow: 'end-oldest' | 'refuse';
}

/**
 * Which sessions a new one replaces: `'same-browser'` the one in the same browser on the same OS (an unknown one never
 * matches), `'same-device'` the one with the same device cookie. Within user, account and kind.
 */
export type Replace = 'same-browser' | 'same-device';

/** The rules that need the list of a user's living sessions. */
export interface AdmissionRules {
  readonly limit: Limit | null;
  readonly replace: Replace | null;
}

/** The newcomer, as far as admission asks. */
export type Newcomer = Pick<SessionRecord, 'id' | 'accountTag' | 'kind' | 'device' | 'deviceTag'>;

/** A session that makes room for a new one. */
export interface Displaced {
  readonly session: SessionRecord;
  readonly reason: 'replaced' | 'limit';
}

/** What a new session costs the others, or why it may not be. */
export function admit(
  newcomer: Newcomer,
  living: readonly SessionRecord[],
  { replace, limit }: AdmissionRules,
): { readonly ending: readonly Displaced[] } | { readonly refusal: Extract<StartRefusal, 'limit'> } {
  const peers = living.filter(
    ({ id, accountTag, kind }) => id !== newcomer.id && accountTag === newcomer.accountTag && kind === newcomer.kind,
  );
  const replaced = peers.filter((peer) => replace !== null && isReplaced(peer, newcomer, replace));
  const staying = peers.filter((peer) => !replaced.includes(peer));

  const ending = replaced.map((session): Displaced => ({ session, reason: 'replaced' }));
  if (limit === null || staying.length < limit.perUser) return { ending };
  if (limit.overflow === 'refuse') return { refusal: 'limit' };

  const oldestFirst = staying.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const evicted = oldestFirst.slice(0, staying.length - limit.perUser + 1);
  return { ending: [...ending, ...evicted.map((session): Displaced => ({ session, reason: 'limit' }))] };
}

function isReplaced(peer: Newcomer, newcomer: Newcomer, replace: Replace): boolean {
  if (replace === 'same-device') return newcomer.deviceTag !== null && peer.deviceTag === newcomer.deviceTag;
  const { browser, os } = newcomer.device;
  return browser !== null && os !== null && peer.device.browser === browser && peer.device.os === os;
}
