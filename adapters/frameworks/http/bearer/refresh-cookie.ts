import type { Session } from '../../../../src/index.ts';
import { deleteCookie, MAX_COOKIE_AGE, readCookie, setCookie } from '../cookie/cookie.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings } from '../options/bearer.ts';

/** The cookie in which a browser keeps the refresh token of its session. Scripts cannot read it. */
export class RefreshCookie {
  readonly #settings: HttpSettings;
  readonly #bearer: BearerSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, bearer: BearerSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#bearer = bearer;
    this.#exchange = exchange;
  }

  /** At most two distinct values. With two, callers use neither: the wrong one would count as reuse and end the session. */
  get values(): readonly string[] {
    return readCookie(this.#exchange, this.#bearer.cookie, 1).filter((value) => value !== '');
  }

  /** The cookie names this session. The id is public and proves nothing. */
  names(id: string): boolean {
    return this.values.some((value) => value.split('.')[3] === id);
  }

  /** The cookie of a `browser` session ends with the browser; that of another kind with the session. */
  set({ kind, expiresAt }: Session, token: string): void {
    const end = expiresAt === null ? MAX_COOKIE_AGE : (expiresAt - this.#settings.sessions.clock.now()) / 1000;
    setCookie(this.#exchange, this.#bearer.cookie, token, kind === 'browser' ? null : end);
  }

  clear(): void {
    deleteCookie(this.#exchange, this.#bearer.cookie);
  }
}
