import { claimed, isPlainObject, isPlainText } from '../../../src/adapter.ts';
import type { ProvedClaims } from '../provider/provider.ts';
import { invalidRequest } from '../shared/answer.ts';
import { parseSubject, type SimpleSubject, type Subject } from '../subjects/subject.ts';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';

/** The types of events that a receiver can act on, by their name at the end of the URI. */
export const EVENT_TYPES: Readonly<Record<SignalName, string>> = {
  'session-revoked': `${CAEP}session-revoked`,
  'credential-change': `${CAEP}credential-change`,
  'token-claims-change': `${CAEP}token-claims-change`,
  'assurance-level-change': `${CAEP}assurance-level-change`,
  'sessions-revoked': `${RISC}sessions-revoked`,
  'account-disabled': `${RISC}account-disabled`,
  'account-purged': `${RISC}account-purged`,
};

/** The name of a type of event, the last part of its URI: four of CAEP, and three of RISC. */
export type SignalName =
  | 'session-revoked'
  | 'credential-change'
  | 'token-claims-change'
  | 'assurance-level-change'
  | 'sessions-revoked'
  | 'account-disabled'
  | 'account-purged';

export const VERIFICATION: string = `${SSF}verification`;

/** Whom an event is about. In a complex subject (SSF 1.0, 3.3), every member that is there must match. */
export interface AboutWhom {
  readonly user: Subject | null;
  /** The session at the transmitter, by its `sid`. */
  readonly sid: string | null;
  readonly tenant: SimpleSubject | null;
  /** False if there is a member that the receiver cannot compare, such as a device. */
  readonly isComparable: boolean;
}

/** The one event of a security event token (RFC 8417). */
export interface SecurityEvent {
  readonly type: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly about: AboutWhom;
  /** Unix ms. Not in the future. */
  readonly at: number;
  /** Why, as the transmitter's administrators read it. */
  readonly note: string | null;
}

/**
 * Parses the claims of a token whose signature is right (SSF 1.0, 4.1; CAEP 1.0, 2). `now` is Unix ms.
 * @throws `Refusal` if the token is malformed.
 */
export function parseEvent({ events, sub, exp, sub_id, iat }: ProvedClaims, now: number): SecurityEvent {
  if (sub !== undefined || exp !== undefined)
    throw invalidRequest('a security event token must have no sub and no exp');
  if (!isPlainObject(events)) throw invalidRequest('events is missing');
  const [[type, details] = ['', null], ...others] = Object.entries(events);
  if (!isPlainObject(details) || others.length > 0) throw invalidRequest('events must have one event, an object');
  const about = parseAbout(sub_id);
  if (about === null) throw invalidRequest('sub_id is missing, malformed, or its format is not supported');
  const { event_timestamp, reason_admin } = details;
  // A second counts to its end, because sessions of that second may be meant.
  const stated = (typeof event_timestamp === 'number' && Number.isFinite(event_timestamp) ? event_timestamp : iat) + 1;
  return { type, details, about, at: Math.min(stated * 1000 - 1, now), note: textIn(reason_admin) };
}

function parseAbout(subject: unknown): AboutWhom | null {
  if (!isPlainObject(subject)) return null;
  if (subject.format !== 'complex') {
    const user = parseSubject(subject, false);
    return user && { user, sid: null, tenant: null, isComparable: true };
  }
  const { format: _, user, session, tenant, ...others } = subject;
  const parsed = { user: parsedOrNull(user), tenant: parsedOrNull(tenant), session: parsedOrNull(session) };
  if (parsed.user === undefined || parsed.tenant === undefined || parsed.session === undefined) return null;
  if (parsed.tenant?.format === 'aliases') return null;
  const sid = parsed.session?.format === 'opaque' ? parsed.session.id : null;
  const isComparable = Object.keys(others).length === 0 && (parsed.session === null || sid !== null);
  return { user: parsed.user, sid, tenant: parsed.tenant, isComparable };
}

/** `null` for a missing subject, `undefined` for a malformed one. */
const parsedOrNull = (value: unknown): Subject | null | undefined =>
  value === undefined ? null : (parseSubject(value, false) ?? undefined);

/** Returns one text of an object of language tags: English if there is one. */
function textIn(texts: unknown): string | null {
  if (!isPlainObject(texts)) return null;
  const text = texts.en ?? Object.values(texts)[0];
  return typeof text === 'string' ? claimed(text) : null;
}

/** Returns the state of a verification event (SSF 1.0, 8.1.4.1); `null` for none. */
export function stateOf({ details: { state } }: SecurityEvent): string | null {
  if (state === undefined) return null;
  if (!isPlainText(state)) throw invalidRequest('state is no text of 1 to 256 characters');
  return state;
}
