import {
  type Awaitable,
  type Client,
  isSessionError,
  type Session,
  type SessionError,
  type Sessions,
  type Verdict,
} from '../../../src/index.ts';
import type { BearerRefusal } from './bearer-state.ts';
import type { Carrier } from './carrier.ts';
import { clientOf } from './client.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin, isUnsafe } from './origin.ts';
import { reportCrossOrigin } from './report.ts';

type Refused = Extract<Verdict, { ok: false }>;

/** What the token of a request is worth. */
export type AuthState =
  | { readonly is: 'session'; readonly session: Session }
  /** No token, or one that is worth nothing; `verdict` tells why where the store said so. */
  | { readonly is: 'none'; readonly verdict: Refused | null }
  | { readonly is: 'cross-origin' }
  | BearerRefusal
  | { readonly is: 'outage'; readonly error: SessionError };

/** What a stranger may learn of a refusal: only that a session which was once right is over. */
export const coarseReason = (reason: string | undefined): 'ended' | 'expired' | 'revoked' | null =>
  reason === 'ended' || reason === 'expired' || reason === 'revoked' ? reason : null;

/** Nobody is signed in. */
export const NONE: AuthState = { is: 'none', verdict: null };

const MOST_TOKENS = 3;
const CROSS_ORIGIN: AuthState = { is: 'cross-origin' };

/** Has the tokens of a request judged. */
export function readState(
  settings: HttpSettings,
  exchange: HttpExchange,
  carrier: Pick<Carrier, 'tokens'>,
): Awaitable<AuthState> {
  const tokens = carrier.tokens(MOST_TOKENS);
  const [token] = tokens;
  if (token === undefined || tokens.length > MOST_TOKENS) return NONE;
  if (isForeign(settings, exchange)) return CROSS_ORIGIN;
  const client = new UnreadClient(exchange);
  // Nearly every request bears one alone.
  if (tokens.length > 1) return judgeAll(settings.sessions, tokens, client).then(stateOfSeveral, outageOf);
  try {
    const verdict = settings.sessions.judge(token, client);
    return verdict instanceof Promise ? verdict.then(stateOf, outageOf) : stateOf(verdict);
  } catch (error) {
    return outageOf(error);
  }
}

async function judgeAll(sessions: Sessions, tokens: readonly string[], client: Client): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const token of tokens) verdicts.push(await sessions.judge(token, client));
  return verdicts;
}

function outageOf(error: unknown): AuthState {
  if (isSessionError(error)) return { is: 'outage', error };
  throw error;
}

/** Of a token that was judged already. */
export const judgedState = (settings: HttpSettings, exchange: HttpExchange, verdict: Verdict): AuthState =>
  isForeign(settings, exchange) ? CROSS_ORIGIN : stateOf(verdict);

/** What a request says of its client, read once somebody wants to know: as a rule nobody does. */
class UnreadClient implements Client {
  readonly #exchange: HttpExchange;
  #client: Client | null = null;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  get userAgent(): Client['userAgent'] {
    return this.#read().userAgent;
  }

  get hints(): Client['hints'] {
    return this.#read().hints;
  }

  get ip(): Client['ip'] {
    return this.#read().ip;
  }

  #read(): Client {
    this.#client ??= clientOf(this.#exchange);
    return this.#client;
  }
}

const stateOf = (verdict: Verdict): AuthState =>
  verdict.ok ? { is: 'session', session: verdict.session } : { is: 'none', verdict };

/** Of two live ones, nobody knows which the browser's own page meant (CKE-14). */
function stateOfSeveral(verdicts: readonly Verdict[]): AuthState {
  const [live, another] = verdicts.filter((verdict) => verdict.ok);
  return live !== undefined && another === undefined ? stateOf(live) : NONE;
}

/** Whether a request that bears a token may change something and does not come from our own pages; that is told. */
function isForeign(settings: HttpSettings, exchange: HttpExchange): boolean {
  if (!isUnsafe(exchange) || isOwnOrigin(exchange, settings.origins)) return false;
  reportCrossOrigin(settings, exchange);
  return true;
}
