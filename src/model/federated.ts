import { kindOf, parseArguments, parseOptionalText, parseText } from '../lib/input.ts';
import type { EpochRecord } from './epoch.ts';
import type { FederatedNote } from './epoch-notes.ts';
import { FENCE_LIVES } from './fence.ts';
import { counterOf, isSameRecord, isStamp, type Stamp } from './stamp.ts';
import { federatedTag, type Tag } from './token.ts';

/** The session and the user at an identity provider from which a session began (OpenID Connect Core 1.0, 2). */
export interface Federated {
  /** The provider: `iss` of the ID token. */
  readonly issuer: string;
  /** The session at the provider: `sid` of the ID token. `null` if the provider names none. */
  readonly sid: string | null;
  /** The user at the provider: `sub` of the ID token. `null` if unknown. */
  readonly sub: string | null;
}

/** Names a session or a user at an identity provider. `sessions.endFederated` ends the sessions that began from it. */
export interface FederatedLogout {
  /** The provider: `iss` of the ID token, compared exactly. 1 to 256 characters. */
  readonly issuer: string;
  /** The session there: `sid` of the ID token. A logout without it is one of all sessions of `sub`. */
  readonly sid?: string | null | undefined;
  /** The user there: `sub` of the ID token. Required without `sid`. With `sid`, it must be the user of that session. */
  readonly sub?: string | null | undefined;
}

/** The records that remember the logouts of a session and a user at a provider. */
export interface FederatedScope extends Federated {
  /** The record that counts the logouts of the provider's users. */
  readonly issuerTag: Tag;
  readonly sidTag: Tag | null;
  readonly subTag: Tag | null;
}

/** What a fence of a provider holds: the generation of the provider's record, and when it was read. */
interface IssuerFence {
  readonly issuer: Tag;
  readonly stamp: Stamp;
  /** Unix ms. */
  readonly at: number;
}

const PREFIX = 'issuer1.';
const MAX_LENGTH = 512;
const NAMES = ['issuer', 'sid', 'sub'];

export const parseIssuerName = (value: unknown): string => parseText('issuer', value);

/** Returns the scope of a session's provider. */
export const scopeOfSession = (realm: string, { issuer, sid, sub }: Federated): FederatedScope =>
  scopeOf(realm, { issuer, sid, sub });

export function parseLogout(realm: string, input: unknown): FederatedScope {
  return scopeOf(realm, parseArguments('the argument', input, NAMES));
}

/** Parses the option `federated` of a sign-in. */
export function parseFederatedRequest(realm: string, input: unknown): { scope: FederatedScope; fence: IssuerFence } {
  const { fence, ...names } = parseArguments('federated', input, [...NAMES, 'fence']);
  if (names.sub === undefined || names.sub === null) {
    throw new TypeError('federated.sub is missing: every ID token has one; give the sid, too, if there is one');
  }
  const scope = scopeOf(realm, names);
  return { scope, fence: parseIssuerFence(fence, scope) };
}

function scopeOf(realm: string, names: Record<string, unknown>): FederatedScope {
  const issuer = parseIssuerName(names.issuer);
  const sid = parseOptionalText('sid', names.sid);
  const sub = parseOptionalText('sub', names.sub);
  if (sid === null && sub === null) throw new TypeError('sid and sub are missing: one of them is required');
  return {
    ...{ issuer, sid, sub, issuerTag: federatedTag(realm, 'issuer', issuer, '') },
    sidTag: sid === null ? null : federatedTag(realm, 'sid', issuer, sid),
    subTag: sub === null ? null : federatedTag(realm, 'sub', issuer, sub),
  };
}

export function takeIssuerFence(issuer: Tag, record: EpochRecord, at: number): string {
  const fence: IssuerFence = { issuer, stamp: record.base, at };
  return PREFIX + Buffer.from(JSON.stringify(fence)).toString('base64url');
}

function parseIssuerFence(text: unknown, { issuerTag }: FederatedScope): IssuerFence {
  if (text === undefined) {
    throw new TypeError(
      'federated.fence is missing: take it by await sessions.fence({ issuer }), before the user goes to the provider',
    );
  }
  const fence = decode(text);
  if (fence === null) {
    const found = typeof text === 'string' ? 'is another text' : `is ${kindOf(text)}`;
    throw new TypeError(
      `federated.fence ${found}; it must be the text that sessions.fence({ issuer }) gave, unchanged`,
    );
  }
  if (fence.issuer !== issuerTag) throw new TypeError('federated.fence was taken for another issuer or realm');
  return fence;
}

function decode(text: unknown): IssuerFence | null {
  if (typeof text !== 'string' || text.length > MAX_LENGTH || !text.startsWith(PREFIX)) return null;
  try {
    const fence = JSON.parse(Buffer.from(text.slice(PREFIX.length), 'base64url').toString()) as IssuerFence;
    return typeof fence.issuer === 'string' && isStamp(fence.stamp) && Number.isSafeInteger(fence.at) ? fence : null;
  } catch {
    return null;
  }
}

/** Tells whether a sign-in with this fence began too long ago. Its logouts may be forgotten by now. */
export const isTooOld = ({ at }: IssuerFence, now: number): boolean => now - at > FENCE_LIVES;

/**
 * Tells whether a logout refuses a sign-in. A session at the provider that was logged out never comes back. A user who was logged out
 * may sign in again, if the sign-in began after the logout: the fence then holds the logout's generation of the provider's record, or a
 * later one. No clock takes part.
 */
export function isLoggedOut({ loggedOut }: FederatedNote, scope: 'sid' | 'sub', { stamp }: IssuerFence): boolean {
  if (loggedOut === null) return false;
  return scope === 'sid' || !isSameRecord(loggedOut, stamp) || counterOf(loggedOut) > counterOf(stamp);
}

export const federatedOf = ({ issuer, sid, sub }: FederatedScope): Federated => ({ issuer, sid, sub });

/**
 * Tells whether a session began from the session at the provider, or, without a `sid`, from the user there. A session of that user whose
 * `sid` is unknown may have begun from it.
 */
export function beganFrom(federated: Federated | null, { issuer, sid, sub }: Federated): boolean {
  if (federated === null || federated.issuer !== issuer) return false;
  if (sid === null || federated.sid === null) return federated.sub === sub;
  return federated.sid === sid;
}

/** Formats what ties a session to its provider, for stores that keep text. */
export const formatFederated = ({ issuer, sid, sub }: Federated): string => JSON.stringify([issuer, sid, sub]);

/**
 * Parses the text of {@link formatFederated}.
 * @throws `Error` for any other text. The check then fails as an outage, not as a sign-out.
 */
export function parseFederated(text: string): Federated {
  const value: unknown = JSON.parse(text);
  const [issuer, sid, sub] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof issuer !== 'string' || !isTextOrNull(sid) || !isTextOrNull(sub)) {
    throw new Error('the provider of a session is malformed');
  }
  return { issuer, sid, sub };
}

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';
