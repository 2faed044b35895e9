import { CLOCKS_APART } from './clock.ts';
import { type Core, contend, type Identity, identify, readEpochs, UNTIL_WRITTEN, type UserEpochs } from './core.ts';
import { bornAt, type EpochRecord, type ScopeState, scopeState, withAdopted } from './epoch.ts';
import type { Happening } from './events.ts';
import { stampsOf } from './fence.ts';
import { parseArguments } from './input.ts';
import { REVOCATION_KEEPS } from './revocation.ts';
import { Session } from './session.ts';
import { newSession } from './start.ts';
import { type Client, deviceOf } from './suspicion.ts';
import { adoptedId, adoptedSecret, formatToken, hashSecret, type Origin, type TokenRef } from './token.ts';

/** A session that another layer has begun. */
export interface AdoptRequest extends Client {
  readonly user: string;
  /** The tenant, where the app has tenants. */
  readonly account?: string | null | undefined;
  /** What the other layer knows its session by, and nobody can guess. Our token follows from it: log neither. */
  readonly credential: string;
}

const ADOPT_KEYS = ['user', 'account', 'credential', 'userAgent', 'hints', 'ip'];
const KIND = 'browser';

/** How long after the first sign-in of a realm something may be adopted: until then, every revocation is known. */
const LONGEST_ADOPTION = REVOCATION_KEEPS - 2 * CLOCKS_APART;
/** How long whoever begins a session may take between noting that and writing it, in ms. */
const LONGEST_BEGIN = 10e3;
/** Noted of what nobody is to begin. */
const FORGONE = 0;
/** How many sessions of one user are adopted. */
const MOST_ADOPTED = 100;

/** What follows from a request. */
interface Adopted {
  readonly request: AdoptRequest;
  readonly identity: Identity;
  readonly ref: TokenRef;
  readonly secret: string;
}

/**
 * Takes over the sessions of another layer. For each there is one of ours, whose token follows from what the other layer
 * knows it by, so that it is begun once, by whoever sees it first. That it was is noted in the user's record, which
 * outlives the adoption: it is never begun again, whatever becomes of it. None is begun for whom any revocation has ever
 * met, since nobody knows which of the two is older.
 */
export class Adoption {
  readonly #core: Core;
  readonly #until: number;

  /** @internal */
  constructor(core: Core, until: unknown) {
    const end = until instanceof Date ? until.getTime() : Number.NaN;
    if (Number.isNaN(end)) throw new TypeError('until must be a Date: the time from which on nothing more is adopted');
    this.#core = core;
    this.#until = end;
  }

  /** The token of the session that stands for another one, begun or not: nothing is asked. */
  tokenOf(request: AdoptRequest): string {
    const { ref, secret } = this.#parse(request);
    return formatToken(ref, secret);
  }

  /** Begins that session, unless it was begun already or may not be: `check` refuses its token then. Gives the token. */
  async begin(request: AdoptRequest): Promise<string> {
    const adopted = this.#parse(request);
    let notedAt: number | null = null;
    const begun = await contend<Happening | null>(this.#core, async () => {
      const { store, events, settings, now: time } = this.#core;
      const [found] = await store.find(this.#core.realmTag, [{ id: adopted.ref.id, user: adopted.ref.user }]);
      if (found) return null;
      const now = time();
      const { epochs, version } = await this.#read(adopted, now);
      if (!this.#mayBegin(epochs, adopted, now)) return null;
      const noted = epochs.user.adopted?.[adopted.ref.id];
      if (notedAt === null) {
        // Somebody else is about to, or has, and it is gone since.
        if (noted !== undefined) return now - noted < LONGEST_BEGIN ? 'conflict' : null;
        if ((await this.#note(epochs.user, version, adopted, now, now)) === 'conflict') return 'conflict';
        notedAt = now;
        return 'conflict';
      }
      if (noted !== notedAt) return null;
      const session = newSession(this.#core, adopted.identity, {
        ...{ id: adopted.ref.id, hash: hashSecret(adopted.secret), kind: KIND, at: now },
        stamps: stampsOf({ scopes: scopesOf(epochs, adopted.identity) }, KIND),
        // Nobody knows when that was: too long ago for whatever asks for a recent sign-in.
        ...{ authenticatedAt: 0, amr: [], device: deviceOf(adopted.request), deviceTag: null, attributes: {} },
      });
      const happening = events.about('session.adopted', { session: new Session(session) });
      const kept = { ifVersion: version, now, retention: settings.retention, keepUntil: session.expiresAt };
      const outcome = await store.add(session, { ...kept, ending: [], audit: happening.audit });
      return outcome === 'conflict' ? 'conflict' : happening;
    });
    if (begun !== null) this.#core.events.tell(begun);
    return formatToken(adopted.ref, adopted.secret);
  }

  /** Sees to it that the session is never begun, by whoever is about to, either. One that was begun is left as it is. */
  async forgo(request: AdoptRequest): Promise<void> {
    const adopted = this.#parse(request);
    await contend(this.#core, async () => {
      const now = this.#core.now();
      const { epochs, version } = await this.#read(adopted, now);
      const noted = epochs.user.adopted?.[adopted.ref.id];
      if (noted === FORGONE || (noted === undefined && !this.#mayBegin(epochs, adopted, now))) return null;
      return this.#note(epochs.user, version, adopted, FORGONE, now);
    });
  }

  #parse(input: unknown): Adopted {
    const request = parseArguments('adopt', input, ADOPT_KEYS) as unknown as AdoptRequest;
    const { credential } = request;
    if (typeof credential !== 'string' || credential === '')
      throw new TypeError('credential must be a non-empty string');
    const identity = identify(this.#core, request.user, request.account);
    const origin: Origin = [this.#core.settings.realm, identity.user, credential];
    const ref = { id: adoptedId(origin), ...identity.tags };
    return { request, identity, ref, secret: adoptedSecret(origin) };
  }

  #read({ identity }: Adopted, now: number): Promise<UserEpochs> {
    return readEpochs(this.#core, identity, now, { user: now + UNTIL_WRITTEN, shared: null });
  }

  #mayBegin(epochs: UserEpochs['epochs'], { identity }: Adopted, now: number): boolean {
    const end = Math.min(this.#until, bornAt(epochs.realm) + LONGEST_ADOPTION);
    const isFull = Object.keys(epochs.user.adopted ?? {}).length > MOST_ADOPTED;
    return now < end && !isFull && Object.values(scopesOf(epochs, identity)).every(isUntouched);
  }

  async #note(
    record: EpochRecord,
    version: number,
    { ref }: Adopted,
    at: number,
    now: number,
  ): Promise<'conflict' | null> {
    const noted = withAdopted(record, ref.id, at);
    const write = { record: noted, ifVersion: version, now, keepUntil: now + REVOCATION_KEEPS, audit: [] };
    return (await this.#core.store.advance(ref.user, write)) === 'advanced' ? null : 'conflict';
  }
}

const scopesOf = ({ realm, user, account }: UserEpochs['epochs'], { tags }: Identity) => ({
  ...{ realm, user, account },
  member: tags.account === null ? null : scopeState(user, tags.account),
});

/** Whether no revocation was ever made here. A scope that there is none of has seen none. */
const isUntouched = (scope: ScopeState | null): boolean =>
  scope === null || (scope.last === null && scope.suspended === null);
