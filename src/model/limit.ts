import { parseArguments, shown } from '../lib/input.ts';
import type { StartRefusal } from './reason.ts';
import type { SessionRecord } from './session.ts';

/** Limits the number of a user's sessions, in the option `limit` of {@link createSessions}. */
export interface Limit {
  /** The maximum per user, account and kind, 1 to 1,000. Only living sessions count. Required. */
  readonly perUser: number;
  /** `'end-oldest'` ends the oldest session. `'refuse'` refuses the new one, with the reason `'limit'`. Required. */
  readonly overflow: 'end-oldest' | 'refuse';
}

/**
 * The sessions that a new one replaces, within user, account and kind. `'same-browser'`: the one in the same browser on the same
 * OS; an unknown browser or OS never matches. `'same-device'`: the one with the same device cookie.
 */
export type Replace = 'same-browser' | 'same-device';

export interface AdmissionRules {
  readonly limit: Limit | null;
  readonly replace: Replace | null;
}

export type Newcomer = Pick<SessionRecord, 'id' | 'accountTag' | 'kind' | 'device' | 'deviceTag'>;

/** `'idle'`: an expired session that must not come back beside the new one. */
export interface Displaced {
  readonly session: SessionRecord;
  readonly reason: 'replaced' | 'limit' | 'idle';
}

/**
 * Returns the sessions that a new session ends, or the refusal of the new session. The sessions in `expired` have just expired and do
 * not count. They are ended if a late `touch` could revive them beside the new session.
 */
export function admit(
  newcomer: Newcomer,
  living: readonly SessionRecord[],
  { replace, limit }: AdmissionRules,
  expired: readonly SessionRecord[] = [],
): { readonly ending: readonly Displaced[] } | { readonly refusal: Extract<StartRefusal, 'limit'> } {
  const isPeer = ({ id, accountTag, kind }: SessionRecord): boolean =>
    id !== newcomer.id && accountTag === newcomer.accountTag && kind === newcomer.kind;
  const peers = living.filter(isPeer);
  const inItsWay = expired.filter(
    (peer) => isPeer(peer) && (limit !== null || (replace !== null && isReplaced(peer, newcomer, replace))),
  );
  const replaced = peers.filter((peer) => replace !== null && isReplaced(peer, newcomer, replace));
  const staying = peers.filter((peer) => !replaced.includes(peer));

  const ending = [
    ...replaced.map((session): Displaced => ({ session, reason: 'replaced' })),
    ...inItsWay.map((session): Displaced => ({ session, reason: 'idle' })),
  ];
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

export function parseReplace(value: unknown): Replace | null {
  if (value === undefined || value === null) return null;
  if (value === 'same-browser' || value === 'same-device') return value;
  throw new TypeError(`replace is ${shown(value)}; allowed are 'same-browser', 'same-device' and null`);
}

export function parseLimit(value: unknown): Limit | null {
  if (value === undefined || value === null) return null;
  const example = "{ perUser: 5, overflow: 'end-oldest' }";
  const { perUser, overflow } = parseArguments('limit', value, ['perUser', 'overflow'], example);
  if (typeof perUser !== 'number' || !Number.isSafeInteger(perUser) || perUser < 1 || perUser > 1000) {
    throw new TypeError(`limit.perUser is ${shown(perUser)}; allowed are whole numbers from 1 to 1000`);
  }
  if (overflow !== 'end-oldest' && overflow !== 'refuse') {
    throw new TypeError(`limit.overflow is ${shown(overflow)}; allowed are 'end-oldest' and 'refuse'`);
  }
  return Object.freeze({ perUser, overflow });
}
