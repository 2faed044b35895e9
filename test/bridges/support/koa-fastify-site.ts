import {
  createSessions,
  type Session,
  type SessionStore,
  type Sessions,
  type SessionsOptions,
} from 'session-revocation';
import type { Auth } from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { onTestFinished } from 'vitest';
import type { BridgeOptions } from '../../../adapters/bridges/shared/options.ts';
import type { AuthenticationOptions } from '../../../adapters/frameworks/http/index.ts';
import { type Answer, Browser, CHROME_ON_MAC } from '../../frameworks/http/browser.ts';
import type { Served } from '../../frameworks/http/framework.ts';
import { TestClock } from '../../frameworks/http/site.ts';
import { Gatekeeper } from '../../frameworks/http/store.ts';
import { PAGES } from './koa-fastify-pages.ts';

/** The data that the apps under test keep for a visitor. */
export interface Data {
  userId?: string | undefined;
  account?: string | undefined;
  cart?: string[] | undefined;
}

/** A request, in a form that is the same for all layers. */
export interface RequestState {
  readonly auth: Auth<string>;
  /** Calls `sessionOf` of the bridge. */
  session(): Session;
  readonly query: URLSearchParams;
  /** The data of the inner layer's session, or `null` after it was destroyed. */
  readonly data: Data | null;
  /** The inner layer's own way to destroy the session, to save it, and to give it another id. */
  destroy(): Promise<void> | void;
  save(): Promise<unknown>;
  regenerate(): Promise<unknown>;
}

/** A page that answers with the result of `run`. */
export interface Page {
  readonly method: 'get' | 'post';
  readonly path: string;
  /** Whether `requireSession` guards the page. */
  readonly isGuarded?: true;
  run(visit: RequestState): unknown;
}

/** A real store of the inner layer. */
export interface Inner {
  readonly store: object;
  /** Returns the record under this id, without the bridge. */
  read(sid: string): Promise<Data | null>;
  write(sid: string, data: object): Promise<void>;
  remove(sid: string): Promise<void>;
  close(): Promise<void>;
}

/** A kind of inner store. `open` is `null` if its server is missing. */
export interface InnerKind {
  readonly name: string;
  readonly open: (() => Promise<Inner>) | null;
}

/** An app, in a form that is the same for all layers. */
export interface App {
  readonly sessions: Sessions<string>;
  readonly inner: Inner;
  /** Whether the app uses only the inner layer, without the bridge. */
  readonly isPlain: boolean;
  readonly bridge: Pick<
    AuthenticationOptions & BridgeOptions<Data>,
    'origins' | 'loginUrl' | 'property' | 'adoptUntil' | 'clearSiteData'
  >;
  readonly settings: object;
  readonly pages: readonly Page[];
  /** Collects the errors of the app, in order. The app answers each with `answerOf`. */
  readonly errors: unknown[];
}

/** An inner layer under test. */
export interface SessionLayer {
  readonly name: string;
  /** The name of its cookie. */
  readonly cookie: string;
  /** Settings with which the inner layer saves the session at every request. */
  readonly rolling: object;
  readonly inners: readonly [memory: InnerKind, ...others: InnerKind[]];
  /** Opens an inner store on the Redis at `url`, which other processes open under the same prefix. */
  openShared(url: string, prefix: string): Promise<Inner>;
  /** Returns the id of the inner session from the cookie's value. */
  sidOf(cookie: string): string;
  serve(app: App): Promise<Served>;
}

/** The options of a site under test. */
export interface SiteOptions extends Partial<Pick<App, 'inner' | 'isPlain' | 'bridge' | 'settings' | 'pages'>> {
  readonly sessions?: Omit<SessionsOptions<string>, 'store' | 'clock'>;
  readonly store?: SessionStore;
  readonly clock?: TestClock;
}

/** An app that is served, and its parts. */
export interface Site {
  readonly sessions: Sessions<string>;
  readonly store: Gatekeeper;
  readonly inner: Inner;
  readonly clock: TestClock;
  readonly errors: readonly unknown[];
  readonly url: string;
  browser(userAgent?: string): SiteBrowser;
}

/** A browser of an app with an inner layer. */
export class SiteBrowser extends Browser {
  readonly #layer: SessionLayer;

  constructor(url: string, userAgent: string, layer: SessionLayer) {
    super(url, userAgent);
    this.#layer = layer;
  }

  /** Signs in with a password through the bridge. Returns the id of the inner session. */
  async login(user: string, query = ''): Promise<string> {
    const { json, text } = await this.post(`/login?user=${user}${query}`);
    if (json?.ok !== true) throw new Error(`the login answered ${text}`);
    return this.sid;
  }

  get sid(): string {
    return this.#layer.sidOf(this.cookie(this.#layer.cookie) ?? '');
  }
}

/** Serves an app for the duration of a test. */
export async function open(layer: SessionLayer, options: SiteOptions = {}): Promise<Site> {
  const { isPlain = false, bridge = {}, pages = [] } = options;
  const clock = options.clock ?? new TestClock();
  const store = new Gatekeeper(options.store ?? memoryStore());
  const sessions = createSessions({ ...options.sessions, store: store.store, clock });
  const inner = options.inner ?? (await layer.inners[0].open!());
  const errors: unknown[] = [];
  const settings = options.settings ?? {};
  const app = { sessions, inner, isPlain, bridge, settings, pages: [...PAGES, ...pages], errors };
  const { url, close } = await layer.serve(app);
  onTestFinished(async () => {
    await close();
    store.state = 'answers';
    await sessions.close();
  });
  const browser = (userAgent = CHROME_ON_MAC): SiteBrowser => new SiteBrowser(url, userAgent, layer);
  return { sessions, store, inner, clock, errors, url, browser };
}

/** Returns whether the answer sets no cookie of the inner layer. */
export const leavesCookie = (layer: SessionLayer, { setCookies }: Answer): boolean =>
  setCookies.every((line) => !line.startsWith(layer.cookie));
