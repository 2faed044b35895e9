import { createSessions, type Session, type SessionStore, type Sessions } from 'session-revocation';
import type { Clock } from 'session-revocation/adapter';
import { sqliteStore } from 'session-revocation/sqlite';
import { temporaryFile } from '../../engines/support/sqlite-files.ts';
import { aSecondLater } from './time.ts';

export const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
export const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';

/** A user who signs in. */
export interface Person {
  readonly user: string;
  readonly account?: string;
  readonly kind?: string;
  readonly userAgent?: string;
  readonly amr?: readonly string[];
}

/** An app with its own kind `cron`. Its API tokens survive a revocation of their user or member. */
const app = (store: SessionStore, clock?: Clock, realm?: string) =>
  createSessions({
    store,
    clock,
    realm,
    kinds: { cron: {}, api: { lifetime: { absolute: null, idle: null }, survives: ['user', 'member'] } },
    policy: 'stored',
    audit: true,
    // Longer than any answer takes, even if the machine stalls.
    timeout: '2m',
  });

/** A store for the command line, and the app's view of its sessions. */
export interface Tried {
  /** The value of `--store`. */
  readonly url: string;
  /** Signs a user in. */
  start(person: Person): Promise<{ readonly session: Session; readonly token: string }>;
  /** Signs a user in, in another realm of the store. */
  startIn(realm: string, person: Person): Promise<{ readonly session: Session; readonly token: string }>;
  /** Returns whether the app accepts a token. */
  accepts(token: string): Promise<boolean>;
  /** Signs a user in. Returns `null`, or the reason if the sign-in is refused. */
  refusal(person: Person): Promise<string | null>;
  close(): Promise<void>;
}

export function tried(url: string, store: SessionStore, clock?: Clock): Tried {
  const sessions = app(store, clock);
  const signIn = async ({ userAgent = CHROME, ...person }: Person, to = sessions) => {
    aSecondLater();
    const { user, account } = person;
    const fence = await to.fence(account === undefined ? { user } : { user, account });
    return to.start({ ...person, fence, userAgent, ip: '192.0.2.7' });
  };
  const mustStart = async (person: Person, to?: Sessions) => {
    const started = await signIn(person, to);
    if (!started.ok) throw new Error(`refused: ${started.reason}`);
    return started;
  };
  return {
    url,
    start: (person) => mustStart(person),
    startIn: (realm, person) => mustStart(person, app(store, clock, realm)),
    accepts: async (token) => (await sessions.check(token)).ok,
    refusal: async (person) => {
      const started = await signIn(person);
      return started.ok ? null : started.reason;
    },
    close: () => sessions.close(),
  };
}

/** Opens a store in a new SQLite file. */
export async function triedFile(clock?: Clock): Promise<Tried> {
  const file = temporaryFile();
  const store = sqliteStore(file);
  await store.setup?.();
  return tried(`sqlite:${file}`, store, clock);
}
