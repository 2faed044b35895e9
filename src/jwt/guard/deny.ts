import type { Core } from '../../core/context.ts';
import { effectiveWithin } from '../../core/effective-within.ts';
import { parseArguments, parseText } from '../../lib/input.ts';
import { ATTRIBUTION_KEYS, parseAttribution } from '../../model/attribution.ts';
import { deniedTag } from '../../model/token.ts';
import { ensureEpoch } from '../../store/ensure-epochs.ts';
import { retryOnConflict } from '../../store/retry-on-conflict.ts';
import { type GuardSettings, MAX_SKEW } from './options.ts';
import { neededBy } from './verdict.ts';

/** One token (`jti`), or all tokens of a session (`sid`), by the ids of the issuer. */
export type Denied = (
  | {
      /** Id of the token, at most 256 characters. */
      readonly jti: string;
      /** Not with `jti`. */
      readonly sid?: undefined;
    }
  | {
      /** The issuer's id of the session, at most 256 characters. */
      readonly sid: string;
      /** Not with `sid`. */
      readonly jti?: undefined;
    }
) & {
  /** Issuer of the id (`iss`). Default: the guard's `issuer`. One of both is required. */
  readonly issuer?: string | undefined;
  /**
   * Expiry of the last of these tokens: a `Date`, or Unix ms (`exp` is in seconds). The entry is removed some time
   * later. Default: when the guard finds every present token too old.
   */
  readonly expiresAt?: Date | number | undefined;
};

/** Result of {@link TokenGuard.revoke}. */
export interface DenyResult {
  /** `false` if it was denied before. */
  readonly revoked: boolean;
  /** Time in ms after which no process accepts a denied token. 0: all checks that begin from now on refuse it. */
  readonly effectiveWithin: number;
}

const DENIED_KEYS = ['jti', 'sid', 'issuer', 'expiresAt'];
/** Smaller values are seconds. This is 1973 in ms. */
const MIN_MS = 1e11;

/**
 * Denies a token, or all tokens of a session, by creating a record under its tag. A second write adds the actor and the reason, together
 * with the entry of the audit log.
 */
export async function deny(core: Core, settings: GuardSettings, input: unknown, by: unknown): Promise<DenyResult> {
  const { claim, issuer, value, expiresAt } = parseDenied(settings, input);
  const attribution = parseAttribution(parseArguments('the second argument', by, ATTRIBUTION_KEYS));
  const tag = deniedTag(core.settings.realm, claim, issuer, value);
  // From here on, the new record denies the token.
  const revoked = await retryOnConflict(core, async () => {
    const now = core.now();
    // A verifier may accept a token for a short time after its expiry.
    const keepUntil = (expiresAt ?? now + neededBy(settings)) + MAX_SKEW;
    const current = await ensureEpoch(core, tag, now, keepUntil);
    if (current.record.last !== null) return false;
    const pending = core.events.about('token.revoked', { ...attribution, claim, issuer, value });
    const last = { at: now, by: attribution.by, reason: attribution.reason, fromDevice: attribution.fromDevice };
    const write = { record: { ...current.record, last }, ifVersion: current.version, now, keepUntil };
    const outcome = await core.store.advance(tag, { ...write, audit: pending.audit });
    if (outcome !== 'advanced') return 'conflict';
    core.events.tell(pending);
    return true;
  }).finally(() => core.notices.note([tag]));
  return { revoked, effectiveWithin: await effectiveWithin(core) };
}

function parseDenied(settings: GuardSettings, input: unknown) {
  const token = parseArguments('token', input, DENIED_KEYS);
  const claim = token.jti === undefined ? 'sid' : 'jti';
  if (token[claim] === undefined || (token.jti !== undefined && token.sid !== undefined)) {
    throw new TypeError('token must name either a jti or a sid; without one, revoke the user');
  }
  const issuer = token.issuer ?? settings.issuer ?? undefined;
  if (issuer === undefined) {
    throw new TypeError(`issuer is missing: set the iss of the ${claim} here, or in the guard's options`);
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
  if (ms < MIN_MS) throw new TypeError(`expiresAt is ${ms}, which looks like seconds: use ms, exp * 1000`);
  return ms;
}
