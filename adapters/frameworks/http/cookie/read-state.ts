import { type AdapterHandle, type Awaitable, named } from '../../../../src/adapter.ts';
import { type ClientInfo, isSessionError, type SessionError, type Verdict } from '../../../../src/index.ts';
import { clientInfoOf } from '../client-info.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { isOwnOrigin, isUnsafe } from '../origin.ts';
import { reportCrossOrigin } from '../report.ts';
import { type AuthState, CROSS_ORIGIN, NONE } from '../state.ts';
import { readCookie } from './cookie.ts';

const MAX_TOKENS = 3;

/** Reads and judges the session cookie of a request. Returns no promise if the store answers synchronously. */
export function readState(settings: HttpSettings, exchange: HttpExchange): Awaitable<AuthState> {
  const tokens = readCookie(exchange, settings.cookie, MAX_TOKENS);
  const [token] = tokens;
  if (token === undefined || tokens.length > MAX_TOKENS) return NONE;
  if (isCrossOrigin(settings, exchange)) return CROSS_ORIGIN;
  const client = new LazyClientInfo(exchange);
  if (tokens.length > 1) return judgeAll(settings.handle, tokens, client).then(stateOfSeveral, outageOf);
  try {
    const verdict = settings.handle.judge(token, client);
    return verdict instanceof Promise ? verdict.then(stateOf, outageOf) : stateOf(verdict);
  } catch (error) {
    return outageOf(error);
  }
}

async function judgeAll(
  handle: AdapterHandle,
  tokens: readonly string[],
  client: ClientInfo,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const token of tokens) verdicts.push(await handle.judge(token, client));
  return verdicts;
}

/** Converts an error of the store to the state of a request in an outage. Throws any other error. */
export function outageOf(error: unknown): AuthState {
  if (isSessionError(error)) return { is: 'outage', error: named('authentication', error) as SessionError };
  throw error;
}

/** Returns the state of a request whose token a bridge has already judged. */
export const judgedState = (settings: HttpSettings, exchange: HttpExchange, verdict: Verdict): AuthState =>
  isCrossOrigin(settings, exchange) ? CROSS_ORIGIN : stateOf(verdict);

/** Reads the client's headers only when a check asks for them. Most checks do not. */
class LazyClientInfo implements ClientInfo {
  readonly #exchange: HttpExchange;
  #client: ClientInfo | null = null;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  get userAgent(): ClientInfo['userAgent'] {
    return this.#read().userAgent;
  }

  get hints(): ClientInfo['hints'] {
    return this.#read().hints;
  }

  get ip(): ClientInfo['ip'] {
    return this.#read().ip;
  }

  #read(): ClientInfo {
    this.#client ??= clientInfoOf(this.#exchange);
    return this.#client;
  }
}

const stateOf = (verdict: Verdict): AuthState =>
  verdict.ok ? { is: 'session', session: verdict.session } : { is: 'none', verdict };

/** With two live sessions, the request counts as signed out, because the page could mean either (CKE-14). */
function stateOfSeveral(verdicts: readonly Verdict[]): AuthState {
  const [live, another] = verdicts.filter((verdict) => verdict.ok);
  return live !== undefined && another === undefined ? stateOf(live) : NONE;
}

/** Tells whether the request may change something and does not come from the app's own pages. Also reports it then. */
export function isCrossOrigin(settings: HttpSettings, exchange: HttpExchange): boolean {
  if (!isUnsafe(exchange) || isOwnOrigin(exchange, settings.origins)) return false;
  reportCrossOrigin(settings, exchange);
  return true;
}
