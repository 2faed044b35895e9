import express, { type ErrorRequestHandler, type Express } from 'express';
import session, { type SessionOptions, type Store } from 'express-session';
import {
  createSessions,
  isSessionError,
  type SessionStore,
  type Sessions,
  type SessionsOptions,
} from 'session-revocation';
import { bridge } from 'session-revocation/express-session';
import { memoryStore } from 'session-revocation/memory';
import { onTestFinished } from 'vitest';
import { type Answer, Browser, CHROME_ON_MAC } from '../../frameworks/http/browser.ts';
import { listen } from '../../frameworks/http/framework.ts';
import { TestClock } from '../../frameworks/http/site.ts';
import { Gatekeeper } from '../../frameworks/http/store.ts';
import { memory } from './inner-stores.ts';
import { addPages } from './pages.ts';

/** The options of a site under test. */
export interface SiteOptions {
  /** The inner layer's store. Default: a new `MemoryStore`. */
  readonly inner?: Store;
  /** The library's store. Default: a new memory store. */
  readonly store?: SessionStore;
  readonly clock?: TestClock;
  readonly sessions?: Omit<SessionsOptions<string>, 'store' | 'clock'>;
  readonly bridge?: Partial<Parameters<typeof bridge>[1]>;
  readonly settings?: Partial<SessionOptions>;
  /** Whether the app uses only express-session on the inner store, without the bridge. */
  readonly plain?: boolean;
  /** Adds more pages. */
  pages?(app: Express): void;
}

/** An app with express-session that is served, and its parts. */
export interface Site {
  readonly sessions: Sessions<string>;
  readonly store: Gatekeeper;
  readonly inner: Store;
  readonly clock: TestClock;
  /** The errors that Express received, in order. Errors after the start of an answer appear only here. */
  readonly errors: readonly unknown[];
  readonly url: string;
  browser(userAgent?: string): SiteBrowser;
}

/** The name of the inner layer's cookie. */
export const COOKIE = 'connect.sid';

/** A browser of an app with express-session. */
export class SiteBrowser extends Browser {
  /** Signs in with a password through the bridge. Returns the id of the inner session. */
  async login(user: string, query = ''): Promise<string> {
    const { json, text } = await this.post(`/login?user=${user}${query}`);
    if (json?.ok !== true) throw new Error(`the login answered ${text}`);
    return this.sid;
  }

  /** The id of the inner session, from the signed cookie. */
  get sid(): string {
    return sidOf(this.cookie(COOKIE) ?? '');
  }
}

/** Returns the id in the value of a signed cookie. */
export const sidOf = (cookie: string): string => /^s:([^.]+)\./.exec(decodeURIComponent(cookie))?.[1] ?? '';

/** Returns whether the answer sets no cookie of the inner layer. */
export const leavesCookie = ({ setCookies }: Answer): boolean => setCookies.every((line) => !line.startsWith(COOKIE));

/** Serves an app for the duration of a test. */
export async function open(options: SiteOptions = {}): Promise<Site> {
  const clock = options.clock ?? new TestClock();
  const store = new Gatekeeper(options.store ?? memoryStore());
  const sessions = createSessions({ ...options.sessions, store: store.store, clock });
  const inner = options.inner ?? (await memory()).store;
  const errors: unknown[] = [];

  const app = express();
  const settings = { secret: 'a test', resave: false, saveUninitialized: false, ...options.settings };
  if (options.plain) app.use(session({ ...settings, store: inner }));
  else {
    const user = ({ userId, passport }: session.SessionData): string | undefined => userId ?? passport?.user;
    const bridged = bridge(sessions, { user, ...options.bridge });
    if (options.bridge?.adoptUntil !== undefined) app.use(bridged.middleware());
    app.use(session({ ...settings, store: bridged.store(inner) }));
  }
  options.pages?.(app);
  addPages(app, sessions);
  app.use(answerError(errors));

  const { url, close } = await listen(app);
  onTestFinished(async () => {
    await close();
    store.state = 'answers';
    await sessions.close();
  });
  const browser = (userAgent = CHROME_ON_MAC): SiteBrowser => new SiteBrowser(url, userAgent);
  return { sessions, store, inner, clock, errors, url, browser };
}

const answerError =
  (errors: unknown[]): ErrorRequestHandler =>
  (error, _request, response, _next) => {
    errors.push(error);
    if (response.headersSent) return;
    const [status, code] = isSessionError(error) ? [error.status, error.code] : [500, null];
    response.status(status).json({ code, message: error instanceof Error ? error.message : String(error) });
  };
