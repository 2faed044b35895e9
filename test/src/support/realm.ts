import {
  type BuiltInTrigger,
  createSessions,
  type SessionEvent,
  type SessionEventType,
  type SessionStore,
  type Sessions,
  type SessionsOptions,
  type StartRequest,
  type StartResult,
} from 'session-revocation';
import { EVENT_TYPES } from '../../../src/events/event-types.ts';
import { ReferenceStore } from '../../model/reference-store.ts';

export const CHROME_ON_MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
export const FIREFOX_ON_WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0';
export const SECOND = 1e3;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const NOW = 1_800_000_000_000;

type Started = Extract<StartResult, { ok: true }>;
type Own<Trigger extends string> = Omit<SessionsOptions<Trigger>, 'store' | 'clock'>;

/** Runs around each call of the store. It may inspect the call, delay it, or fail instead of calling the store. */
export type Around = (call: string, ask: () => unknown, given: readonly unknown[]) => unknown;

/** A realm with its own clock, over a store that tests can inspect. */
export class Realm<Trigger extends string = never> {
  readonly sessions: Sessions<Trigger | BuiltInTrigger>;
  /** Names of the store's calls in order: a method, or a power and its method. */
  readonly calls: string[] = [];
  readonly store: ReferenceStore;
  /** The store object that `sessions` calls. A process's memory belongs to this object. */
  readonly handle: SessionStore;
  around: Around = (_, ask) => ask();
  now: number = NOW;

  constructor(options: Own<Trigger> = {}, store: ReferenceStore = new ReferenceStore()) {
    this.store = store;
    this.handle = this.#watched();
    this.sessions = createSessions<Trigger>({
      // A long timeout, so that a stalled machine does not look like an outage.
      timeout: '10m',
      ...(options as SessionsOptions<Trigger>),
      store: this.handle,
      clock: { now: () => this.now },
    });
  }

  async signIn(user = 'ann', { account, ...request }: Partial<StartRequest> = {}): Promise<Started> {
    const fence = await this.sessions.fence({ user, account });
    const started = await this.sessions.start({ user, account, fence, ...request });
    if (!started.ok) throw new Error(started.reason);
    return started;
  }

  /** Returns `'live'`, or the reason why a token is refused. */
  async word(token: string | null): Promise<string> {
    const verdict = await this.sessions.check(token);
    return verdict.ok ? 'live' : verdict.reason;
  }

  /** Returns a list that collects events of these types from now on. */
  hear<Type extends SessionEventType>(...types: Type[]): SessionEvent<Type>[] {
    const heard: SessionEvent<Type>[] = [];
    for (const type of types) this.sessions.on(type, (event) => heard.push(event));
    return heard;
  }

  /** Returns a list that collects all events from now on. */
  hearAll(): SessionEvent[] {
    return this.hear(...EVENT_TYPES);
  }

  #watched(): SessionStore {
    const { store } = this;
    const watch = (name: string, object: object): object =>
      new Proxy(object, {
        get: (_, key) => {
          const member: unknown = Reflect.get(object, key);
          const call = `${name}${String(key)}`;
          if (key === 'powers') {
            const powers = Object.entries(store.powers).map(([power, verbs]) => [power, watch(`${power}.`, verbs)]);
            return Object.fromEntries(powers);
          }
          if (typeof member !== 'function') return member;
          return (...given: unknown[]) => {
            this.calls.push(call);
            return this.around(call, () => Reflect.apply(member, object, given) as unknown, given);
          };
        },
      });
    return watch('', store) as SessionStore;
  }
}

/** Waits until background work has ended. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
