import type { Session } from '../../../../src/index.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { deleteCookie, MAX_COOKIE_AGE, setCookie } from './cookie.ts';

/** Where the client of a request keeps its session token: in the session cookie, or in the session of another layer. */
export interface TokenTransport {
  /** Rejects if the client could not receive a token, or must not. Called before its present token becomes invalid. */
  ready?(): Promise<void>;
  set(session: Session, token: string): void | Promise<void>;
  /** Removes the token after a sign-out that this request asked for. */
  clear(): void | Promise<void>;
}

export class CookieTransport implements TokenTransport {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  /** The cookie of a `browser` session ends with the browser; that of another kind with the session. */
  set({ kind, expiresAt }: Session, token: string): void {
    const { clock } = this.#settings.sessions;
    const end = expiresAt === null ? MAX_COOKIE_AGE : (expiresAt - clock.now()) / 1000;
    setCookie(this.#exchange, this.#settings.cookie, token, kind === 'browser' ? null : end);
  }

  clear(): void {
    deleteCookie(this.#exchange, this.#settings.cookie);
  }
}
