import type { Session } from '../../../src/index.ts';
import { type Cookie, deleteCookie, LONGEST_COOKIE, readCookie, setCookie } from './cookie.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';

/** Where the client of a request keeps the token of its session: in our cookie, or in the session of another layer. */
export interface Carrier {
  /** The tokens that the request bears, each once: at most one more than `most`. */
  tokens(most: number): readonly string[];
  /** Rejects where a token could not be given now, or may not: asked before the core makes worthless the one that the client has. */
  ready?(): Promise<void>;
  /** Gives the client the token of its session. */
  give(session: Session, token: string): void | Promise<void>;
  /** Takes it from the client, since this request has ended its session. */
  take(): void | Promise<void>;
  /** Lets the client forget the token that it sent, whose session is over. */
  forget(): void;
}

/** Our own cookie. */
export class CookieCarrier implements Carrier {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;

  constructor(settings: HttpSettings, exchange: HttpExchange) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  tokens(most: number): readonly string[] {
    return readCookie(this.#exchange, this.#cookie, most);
  }

  give({ kind, expiresAt }: Session, token: string): void {
    const { clock } = this.#settings.sessions;
    const end = expiresAt === null ? LONGEST_COOKIE : (expiresAt - clock.now()) / 1000;
    setCookie(this.#exchange, this.#cookie, token, kind === 'browser' ? null : end);
  }

  take(): void {
    deleteCookie(this.#exchange, this.#cookie);
  }

  forget(): void {
    this.take();
  }

  get #cookie(): Cookie {
    return this.#settings.cookie;
  }
}
