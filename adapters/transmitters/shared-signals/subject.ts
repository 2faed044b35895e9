import { type AccessMessage, Undeliverable } from '../delivery.ts';

/** Names the subject of an event (RFC 9493; complex subjects: SSF 1.0, 3.3). */
export interface SignalSubject {
  /** The format, such as `'email'`, `'iss_sub'` or `'complex'`. */
  readonly format: string;
  readonly [member: string]: unknown;
}

/**
 * Names a session, a user, or a user in an account. Tells nothing else: what a receiver may not understand, such as an account
 * alone, it could ignore and answer with 202.
 */
export function subjectOf(iss: string, { type, user, account, session, scope }: AccessMessage): SignalSubject {
  if (user === null) {
    throw new Undeliverable(
      `the subject of ${type} is no user (${scope ?? 'a token of another issuer'}): give the option subject`,
    );
  }
  const named: SignalSubject = { format: 'iss_sub', iss, sub: user };
  if (session !== null) return { format: 'complex', user: named, session: { format: 'opaque', id: session } };
  if (scope !== 'member') return named;
  return { format: 'complex', user: named, tenant: { format: 'opaque', id: account } };
}
