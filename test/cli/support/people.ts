import { createSessions, type Session, type SessionStore, type Sessions } from 'session-revocation';
import type { Clock } from 'session-revocation/adapter';
import { sqliteStore } from 'session-revocation/sqlite';
import { temporaryFile } from '../../engines/support/sqlite-files.ts';
import { aSecondLater } from './time.ts';

export const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
export const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';

/** Who signs in. */
export interface Person {
  readonly user: string;
  readonly account?: string;
  readonly kind?: string;
  readonly userAgent?: string;
  readonly amr?: readonly string[];
}

/** An app: it defined a kind of its own, and API tokens survive what is done to their user. */
const app = (store: SessionStore, clock?: Clock, realm?: string) =>
  createSessions({
    store,
    clock,
    realm,
    kinds: { cron: {}, api: { lifetime: { absolute: null, idle: null }, survives: ['user', 'member'] } },
    policy: 'stored',
    audit: true,
    // Longer than any answer takes, on a machine that stands still in between.
    timeout: '2m',
  });

/** What the command line is tried on, and what the app says of it. */
export interface Tried {
  /** For `--store`. */
  readonly url: string;
  /** Signs a user in. */
  start(person: Person): Promise<{ readonly session: Session; readonly token: string }>;
  /** The same in another realm of the store. */
  startIn(realm: string, person: Person): Promise<{ readonly session: Session; readonly token: string }>;
  /** Whether the app accepts a token. */
  accepts(token: string): Promise<boolean>;
  /** What the app's sign-in answers: `null` for a sign-in, else the reason of the refusal. */
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

/** A new SQLite file. */
export async function triedFile(clock?: Clock): Promise<Tried> {
  const file = temporaryFile();
  const store = sqliteStore(file);
  await store.setup?.();
  return tried(`sqlite:${file}`, store, clock);
}
