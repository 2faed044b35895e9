import type { Core } from '../core/context.ts';
import { type ClientInfo, deviceOf } from '../device/client-info.ts';
import type { PendingEvent } from '../events/events.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { kindOf, parseArguments } from '../lib/input.ts';
import { bornAt, type EpochRecord, type ScopeState } from '../model/epoch.ts';
import { adoptedIn, withAdopted } from '../model/epoch-notes.ts';
import { stampsOf } from '../model/fence.ts';
import { type Identity, identify } from '../model/identity.ts';
import { Session } from '../model/session.ts';
import { adoptedId, adoptedSecret, formatToken, hashSecret, type Origin, type TokenRef } from '../model/token.ts';
import { ensureIdentity, UNTIL_WRITTEN, type UserEpochs } from '../store/ensure-epochs.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { REVOCATION_KEEPS } from './revoke.ts';
import { newSession } from './start.ts';

/** A session that another session layer has begun. */
export interface AdoptRequest extends ClientInfo {
  /** The app's id of the user. */
  readonly user: string;
  /** The tenant. Default: none, for an app without tenants. */
  readonly account?: string | null | undefined;
  /**
   * The secret by which the other layer knows its session. It must be impossible to guess. The token of the adopted
   * session follows from it, so log neither.
   */
  readonly credential: string;
}

const ADOPT_KEYS = ['user', 'account', 'credential', 'userAgent', 'hints', 'ip'];
const KIND = 'browser';

/** How long after a realm's first sign-in adoption works, in ms. Until then, every revocation is still known. */
const MAX_ADOPTION = REVOCATION_KEEPS - 2 * CLOCKS_APART;
/** How long a process may take between its note and the write of the session, in ms. */
const MAX_BEGIN = 10e3;
/** The note of a session that must never be begun. */
const FORGONE = 0;
const MAX_ADOPTED = 100;

interface Adopted {
  readonly request: AdoptRequest;
  readonly identity: Identity;
  readonly ref: TokenRef;
  readonly secret: string;
}

/**
 * Takes over the sessions of another session layer. Each of them gets one session here, begun by the first process that
 * sees its credential. A note in the user's record outlives that session, so it is never begun again, even after it has
 * ended.
 *
 * No session is begun in a scope that was ever revoked or suspended: it is unknown whether the session or the
 * revocation is older.
 */
export class Adoption {
  readonly #core: Core;
  readonly #until: number;

  /** @internal */
  constructor(core: Core, until: unknown) {
    const end = until instanceof Date ? until.getTime() : Number.NaN;
    if (Number.isNaN(end))
      throw new TypeError(`until must be a Date such as new Date('2027-01-31'), not ${kindOf(until)}`);
    this.#core = core;
    this.#until = end;
  }

  /**
   * Returns the token of the adopted session, whether it was begun or not. Does not ask the store.
   * @param request the session of the other layer.
   */
  tokenOf(request: AdoptRequest): string {
    const { ref, secret } = this.#parse(request);
    return formatToken(ref, secret);
  }

  /**
   * Begins the adopted session and returns its token. Does nothing where it was begun before, or must not be begun. In
   * the second case `check` refuses the token.
   * @param request the session of the other layer. Its client becomes the device of the adopted session.
   */
  async begin(request: AdoptRequest): Promise<string> {
    return this.#core.activity.run(() => this.#begin(request));
  }

  async #begin(request: AdoptRequest): Promise<string> {
    const adopted = this.#parse(request);
    let notedAt: number | null = null;
    const begun = await retryOnConflict<PendingEvent | null>(this.#core, async () => {
      const { store, events, settings, now: time } = this.#core;
      const [found] = await store.find(this.#core.realmTag, [{ id: adopted.ref.id, user: adopted.ref.user }]);
      if (found) return null;
      const now = time();
      const { epochs, version } = await this.#read(adopted, now);
      if (!this.#mayBegin(epochs, now)) return null;
      const noted = adoptedIn(epochs.user)[adopted.ref.id];
      if (notedAt === null) {
        // Another process noted this session. It is about to write it, or the session was written and removed since.
        if (noted !== undefined) return now - noted < MAX_BEGIN ? 'conflict' : null;
        if ((await this.#note(epochs.user, version, adopted, now, now)) === 'conflict') return 'conflict';
        notedAt = now;
        return 'conflict';
      }
      if (noted !== notedAt) return null;
      const session = newSession(this.#core, adopted.identity, {
        ...{ id: adopted.ref.id, credential: hashSecret(adopted.secret), kind: KIND, at: now },
        stamps: stampsOf({ scopes: epochs }, KIND),
        // The time is unknown. 0 is too long ago for every check that asks for a recent sign-in.
        ...{
          authenticatedAt: 0,
          amr: [],
          device: deviceOf(adopted.request),
          deviceTag: null,
          attributes: {},
          federated: null,
        },
      });
      const pending = events.about('session.adopted', { session: new Session(session) });
      const kept = { ifVersion: version, now, retention: settings.retention, keepUntil: session.expiresAt };
      const outcome = await store.add(session, { ...kept, ending: [], audit: pending.audit });
      return outcome === 'conflict' ? 'conflict' : pending;
    });
    if (begun !== null) this.#core.events.tell(begun);
    return formatToken(adopted.ref, adopted.secret);
  }

  /**
   * Makes sure that no process ever begins the session. A session that was already begun stays as it is.
   * @param request the session of the other layer.
   */
  async forgo(request: AdoptRequest): Promise<void> {
    return this.#core.activity.run(() => this.#forgo(request));
  }

  async #forgo(request: AdoptRequest): Promise<void> {
    const adopted = this.#parse(request);
    await retryOnConflict(this.#core, async () => {
      const now = this.#core.now();
      const { epochs, version } = await this.#read(adopted, now);
      const noted = adoptedIn(epochs.user)[adopted.ref.id];
      if (noted === FORGONE || (noted === undefined && !this.#mayBegin(epochs, now))) return null;
      return this.#note(epochs.user, version, adopted, FORGONE, now);
    });
  }

  #parse(input: unknown): Adopted {
    const request = parseArguments<AdoptRequest>('the argument', input, ADOPT_KEYS);
    const { credential } = request;
    if (typeof credential !== 'string' || credential === '')
      throw new TypeError('credential must be a non-empty string');
    const identity = identify(this.#core.settings.realm, request.user, request.account);
    const origin: Origin = [this.#core.settings.realm, identity.user, credential];
    const ref = { id: adoptedId(origin), ...identity.tags };
    return { request, identity, ref, secret: adoptedSecret(origin) };
  }

  #read({ identity }: Adopted, now: number): Promise<UserEpochs> {
    return ensureIdentity(this.#core, identity, now, { user: now + UNTIL_WRITTEN, shared: null });
  }

  #mayBegin(epochs: UserEpochs['epochs'], now: number): boolean {
    const end = Math.min(this.#until, bornAt(epochs.realm) + MAX_ADOPTION);
    const isFull = Object.keys(adoptedIn(epochs.user)).length > MAX_ADOPTED;
    return now < end && !isFull && Object.values(epochs).every(isUntouched);
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

/** A scope without a record was never revoked or suspended. */
const isUntouched = (scope: ScopeState | null): boolean =>
  scope === null || (scope.last === null && scope.suspended === null);
