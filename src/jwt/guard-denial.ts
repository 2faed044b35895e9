import { BY_KEYS, parseCause } from '../cause.ts';
import { type Core, contend, keepEpoch } from '../core.ts';
import { parseArguments, parseText } from '../input.ts';
import { deniedTag } from '../token.ts';
import { type GuardSettings, LONGEST_SKEW } from './guard-options.ts';
import { neededBy } from './guard-verdict.ts';

/** One token, by its `jti`, or all tokens of one session, by its `sid`: its issuer's names, never the token's text. */
export type Denied = (
  | { readonly jti: string; readonly sid?: undefined }
  | { readonly sid: string; readonly jti?: undefined }
) & {
  /** Who gave that name, as `iss`. Default: the guard's `issuer`. */
  readonly issuer?: string | undefined;
  /**
   * When the last of these tokens expires, as a `Date` or in Unix ms (`exp` counts seconds): the entry is removed a while
   * later. Default: when none of today is young enough for the guard any more.
   */
  readonly expiresAt?: Date | number | undefined;
};

/** What {@link TokenGuard.revoke} did. */
export interface DenyResult {
  /** Whether anything changed: `false` where it was denied already. */
  readonly revoked: boolean;
  /** After how many ms no process accepts it. 0: none that looks from now on. */
  readonly effectiveWithin: number;
}

const DENIED_KEYS = ['jti', 'sid', 'issuer', 'expiresAt'];
/** Before 1973 if they are ms, and after 2286 if they are seconds. */
const LEAST_MS = 1e11;

/**
 * Denies by a record of its own, whose being there is all that counts: it refuses from when it is made, and then it is said who
 * did it and why, together with the entry in the log.
 */
export async function deny(core: Core, settings: GuardSettings, input: unknown, by: unknown): Promise<DenyResult> {
  const { claim, issuer, value, expiresAt } = parseDenied(settings, input);
  const cause = parseCause(parseArguments('revoke', by, BY_KEYS));
  const tag = deniedTag(core.settings.realm, claim, issuer, value);
  return contend<DenyResult>(core, async () => {
    const now = core.now();
    // A verifier may take a token for a little longer than it lasts.
    const keepUntil = (expiresAt ?? now + neededBy(settings)) + LONGEST_SKEW;
    const current = await keepEpoch(core, tag, now, keepUntil);
    if (current.record.last !== null) return { revoked: false, effectiveWithin: 0 };
    const happening = core.events.about('token.revoked', { ...cause, claim, issuer, value });
    const last = { at: now, by: cause.by, reason: cause.reason, from: cause.from };
    const write = { record: { ...current.record, last }, ifVersion: current.version, now, keepUntil };
    const outcome = await core.store.advance(tag, { ...write, audit: happening.audit });
    if (outcome !== 'advanced') return 'conflict';
    core.events.tell(happening);
    return { revoked: true, effectiveWithin: 0 };
  });
}

function parseDenied(settings: GuardSettings, input: unknown) {
  const token = parseArguments('token', input, DENIED_KEYS);
  const claim = token.jti === undefined ? 'sid' : 'jti';
  if (token[claim] === undefined || (token.jti !== undefined && token.sid !== undefined)) {
    throw new TypeError('token must name either a jti or a sid; without one, revoke the user');
  }
  const issuer = token.issuer ?? settings.issuer ?? undefined;
  if (issuer === undefined) {
    throw new TypeError(`issuer is missing: whose ${claim} it is, as iss; name it here, or in the guard's options`);
  }
  return {
    claim,
    issuer: parseText('issuer', issuer),
    value: parseText(claim, token[claim]),
    expiresAt: parseExpiry(token.expiresAt),
  } as const;
}

function parseExpiry(value: unknown): number | null {
  if (value === undefined) return null;
  const ms = value instanceof Date ? value.getTime() : value;
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms)) {
    throw new TypeError('expiresAt must be a Date, or a whole number of Unix ms');
  }
  if (ms < LEAST_MS) throw new TypeError(`expiresAt is ${ms}, which looks like seconds: give it in ms, exp * 1000`);
  return ms;
}
