import { createSessions, type Sessions, type SessionsOptions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { type SharedSignals, type SharedSignalsOptions, sharedSignals } from 'session-revocation/receivers';
import { ISSUER, type IssuingRealm, PROVIDED } from './issuing.ts';

/** A session at the provider, and the one that began from it at the relying party. */
export interface Pair {
  readonly user: string;
  readonly sid: string;
  readonly token: string;
}

/** A second instance, whose users sign in at an {@link IssuingRealm}. */
export class RelyingParty {
  readonly sessions: Sessions;
  readonly signals: SharedSignals;
  readonly #provider: IssuingRealm;

  constructor(
    provider: IssuingRealm,
    changes: Partial<SharedSignalsOptions> = {},
    options: Partial<SessionsOptions> = {},
  ) {
    this.#provider = provider;
    this.sessions = createSessions({ store: memoryStore(), ...options });
    const user: SharedSignalsOptions['user'] = (subject, { tenant }) => {
      if (subject.format !== 'iss_sub' || subject.iss !== ISSUER) return null;
      return tenant?.format === 'opaque' ? { user: subject.sub, account: tenant.id } : subject.sub;
    };
    this.signals = sharedSignals(this.sessions, { ...PROVIDED, user, ...changes });
  }

  async signIn(user: string, account?: string): Promise<Pair> {
    const sid = await this.#provider.signIn(user, account);
    const who = account === undefined ? { user } : { user, account };
    const federated = { issuer: ISSUER, sid, sub: user, fence: await this.sessions.fence({ issuer: ISSUER }) };
    const started = await this.sessions.start({ ...who, fence: await this.sessions.fence(who), federated });
    if (!started.ok) throw new Error(started.reason);
    return { user, sid, token: started.token };
  }

  /** Tells which sessions live at the relying party. */
  live(...all: readonly Pair[]): Promise<boolean[]> {
    return Promise.all(all.map(async ({ token }) => (await this.sessions.check(token)).ok));
  }
}
