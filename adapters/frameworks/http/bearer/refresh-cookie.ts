import type { Session } from '../../../../src/index.ts';
import { deleteCookie, readCookie, setSessionCookie } from '../cookie/cookie.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings } from '../options/bearer.ts';

export class RefreshCookie {
  readonly #settings: HttpSettings;
  readonly #bearer: BearerSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, bearer: BearerSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#bearer = bearer;
    this.#exchange = exchange;
  }

  /**
   * The values of the cookie, at most two different ones. If there are two, callers use neither, because the wrong one
   * would count as reuse and end the session.
   */
  get values(): readonly string[] {
    return readCookie(this.#exchange, this.#bearer.cookie, 1).filter((value) => value !== '');
  }

  /** Tells whether a token in the cookie names this session. The id is public and proves nothing. */
  names(id: string): boolean {
    return this.values.some((value) => value.split('.')[3] === id);
  }

  set(session: Session, token: string): void {
    setSessionCookie(this.#exchange, this.#bearer.cookie, session, token, this.#settings.sessions.clock.now());
  }

  clear(): void {
    deleteCookie(this.#exchange, this.#bearer.cookie);
  }
}
