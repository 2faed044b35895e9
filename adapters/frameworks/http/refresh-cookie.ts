import type { Session } from '../../../src/index.ts';
import type { BearerSettings } from './bearer.ts';
import { deleteCookie, LONGEST_COOKIE, readCookie, setCookie } from './cookie.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';

/** Where a browser keeps the refresh token of its session: a cookie, which no script can read. */
export class RefreshCookie {
  readonly #settings: HttpSettings;
  readonly #bearer: BearerSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, bearer: BearerSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#bearer = bearer;
    this.#exchange = exchange;
  }

  /** What the request has, each once: at most two. Not one is tried where there are two, since that might be the one too much. */
  get values(): readonly string[] {
    return readCookie(this.#exchange, this.#bearer.cookie, 1).filter((value) => value !== '');
  }

  /** Whether it claims to be that of this session. The id is public and proves nothing. */
  names(id: string): boolean {
    return this.values.some((value) => value.split('.')[3] === id);
  }

  /** As with the session's own: that of the kind `browser` ends with the browser, any other with the session. */
  set({ kind, expiresAt }: Session, token: string): void {
    const end = expiresAt === null ? LONGEST_COOKIE : (expiresAt - this.#settings.sessions.clock.now()) / 1000;
    setCookie(this.#exchange, this.#bearer.cookie, token, kind === 'browser' ? null : end);
  }

  remove(): void {
    deleteCookie(this.#exchange, this.#bearer.cookie);
  }
}
