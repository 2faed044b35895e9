import type { Session } from '../../../../src/index.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { deleteCookie, setSessionCookie } from './cookie.ts';

/** Where the client keeps its session token: in the session cookie, or in the data of an inner session layer. */
export interface TokenTransport {
  /** Rejects if the client could not receive a token, or must not. Called before its old token becomes invalid. */
  ready?(): Promise<void>;
  set(session: Session, token: string): void | Promise<void>;
  clear(): void | Promise<void>;
}

export class CookieTransport implements TokenTransport {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  set(session: Session, token: string): void {
    const { cookie, sessions } = this.#settings;
    setSessionCookie(this.#exchange, cookie, session, token, sessions.clock.now());
  }

  clear(): void {
    deleteCookie(this.#exchange, this.#settings.cookie);
  }
}
