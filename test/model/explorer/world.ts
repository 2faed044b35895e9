import {
  type AuditEntry,
  createSessions,
  type SessionStore,
  type Sessions,
  type SessionsOptions,
} from 'session-revocation';
import type { FoundSession, ScopeName } from 'session-revocation/adapter';
import { accountTag, hashSecret, memberTag, parseToken, realmTag, userTag } from '../../../src/model/token.ts';
import { ReferenceStore } from '../reference-store.ts';
import { History, type Known, type ScopeTarget, type Who } from './history.ts';
import { observe } from './laws.ts';
import { Process, type ProcessOptions } from './process.ts';
import { Stepper } from './stepping.ts';

/** The environment of a schedule: its store and the deviations from correct behaviour. */
export interface WorldOptions {
  /** Creates the store of each schedule. The store must answer synchronously. */
  readonly store?: () => SessionStore;
  /** Splits verbs of the store into several steps. */
  readonly split?: (store: SessionStore, process: Process) => SessionStore;
  /** How many processes may crash. A crash can come before any step. Default 0. */
  readonly crashes?: number;
  /** Options of every `Sessions`. */
  readonly sessions?: Omit<SessionsOptions, 'store' | 'clock' | 'realm'>;
}

const BEGINNING = Date.UTC(2030, 0, 1);
const FOR_EVER = { absolute: null, idle: null };

/** Everything that exists in one schedule. */
export class World {
  readonly store: SessionStore;
  readonly history: History = new History();
  readonly stepper: Stepper;
  readonly options: WorldOptions;
  /** How many sessions may be live in a group (see `groupOf`), or `null` for no limit. */
  readonly limit: number | null;
  readonly #probes = new Map<string, Sessions>();
  #elapsed = 0;
  #processes = 0;

  constructor(options: WorldOptions = {}) {
    this.options = options;
    this.stepper = new Stepper(() => observe(this), options.crashes);
    this.store = options.store?.() ?? new ReferenceStore();
    this.limit = options.sessions?.limit?.perUser ?? (options.sessions?.replace === 'same-browser' ? 1 : null);
  }

  /** Returns a `Sessions` object on the same store whose calls are no steps of the schedule. */
  probe(realm = 'default'): Sessions {
    const clock = { now: () => this.now() };
    const probe =
      this.#probes.get(realm) ??
      createSessions({ store: this.store, realm, clock, lifetime: FOR_EVER, touchEvery: '3000d' });
    this.#probes.set(realm, probe);
    return probe;
  }

  /** The true time in Unix ms. Only `wait` moves it: correctness must not depend on time between steps. */
  now(): number {
    return BEGINNING + this.#elapsed;
  }

  /** Creates a process with its own clock and its own steps in the schedule. */
  process(name: string, options: ProcessOptions = {}): Process {
    this.#processes++;
    return new Process(this, name, { ...options, skew: (options.skew ?? 0) + this.#processes });
  }

  /** An atomic step outside the library that changes something: by the app, the clock or an accident. */
  act<T>(process: string, verb: string, perform: () => T): Promise<T> {
    return this.#step(process, verb, perform, false);
  }

  /** An atomic step outside the library that changes nothing. */
  look<T>(process: string, verb: string, perform: () => T): Promise<T> {
    return this.#step(process, verb, perform, true);
  }

  #step<T>(process: string, verb: string, perform: () => T, harmless: boolean): Promise<T> {
    return this.stepper.request(process, verb, () => {
      this.history.step++;
      this.history.harmless = harmless;
      return perform();
    });
  }

  /** Lets time pass. */
  wait(process: string, ms: number): Promise<void> {
    return this.act(process, 'clock', () => {
      this.#elapsed += ms;
    });
  }

  /** Loses the record of a scope. Its suspension is lost, too, because no other record holds it. */
  lose(process: string, scope: ScopeName, { user, account = '' }: Who, realm = 'default'): Promise<void> {
    return this.act(process, 'lose', () => {
      const tags = {
        ...{ realm: realmTag(realm), user: userTag(realm, user), account: accountTag(realm, account) },
        member: memberTag(userTag(realm, user), accountTag(realm, account)),
      };
      this.reference.lose(tags[scope]);
      const target: ScopeTarget = {
        ...{ scope, realm },
        user: scope === 'user' || scope === 'member' ? user : null,
        account: scope === 'account' || scope === 'member' ? account : null,
      };
      this.history.revoke({ ...target, isLoss: true, step: this.history.step, kept: null, covers: () => true });
      this.history.forgetSuspensions(target);
    });
  }

  /** The app stores a new password. From now on the old one is wrong. */
  setPassword(process: string): Promise<void> {
    return this.act(process, 'password', () => {
      this.history.password++;
    });
  }

  get reference(): ReferenceStore {
    if (this.store instanceof ReferenceStore) return this.store;
    throw new Error('only the reference store can be looked into');
  }

  /** Returns a stored session with its epoch records. */
  found(session: Known): FoundSession | null {
    const { id, realm, user } = session;
    const found = this.store.find(realmTag(realm), [{ id, user: userTag(realm, user) }]);
    if (found instanceof Promise) throw new Error('a store must answer at once here');
    return found[0] ?? null;
  }

  /** Returns a stored session by its id. */
  find(id: string): FoundSession | null {
    const known = this.history.known.get(id);
    return known === undefined ? null : this.found(known);
  }

  /** Returns the log entries of a realm. */
  async entries(realm: string): Promise<readonly AuditEntry[]> {
    const page = await this.store.powers?.audit?.read({ realm: realmTag(realm), limit: 10_000 });
    if (page?.more === true) throw new Error('a schedule logs more than is looked at');
    return page?.entries ?? [];
  }

  /** Records that a client received a token. */
  issue(token: string): void {
    const parsed = parseToken(token);
    if (parsed === null) throw new Error('a token is malformed');
    const { ref, secret } = parsed;
    this.history.issued.push({ token, id: ref.id, credential: hashSecret(secret), stale: false });
  }
}
