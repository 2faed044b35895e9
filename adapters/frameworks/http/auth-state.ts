import { type Client, isSessionError, type Session, type SessionError, type Verdict } from '../../../src/index.ts';
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
  | { readonly is: 'outage'; readonly error: SessionError };

/** What a stranger may learn of a refusal: only that a session which was once right is over. */
export const coarseReason = (reason: string | undefined): 'ended' | 'expired' | 'revoked' | null =>
  reason === 'ended' || reason === 'expired' || reason === 'revoked' ? reason : null;

/** Nobody is signed in. */
export const NONE: AuthState = { is: 'none', verdict: null };

const MOST_TOKENS = 3;
const CROSS_ORIGIN: AuthState = { is: 'cross-origin' };

/** Has the tokens of a request judged. */
export async function readState(
  settings: HttpSettings,
  exchange: HttpExchange,
  carrier: Pick<Carrier, 'tokens'>,
): Promise<AuthState> {
  const tokens = carrier.tokens(MOST_TOKENS);
  if (tokens.length === 0 || tokens.length > MOST_TOKENS) return NONE;
  if (isForeign(settings, exchange)) return CROSS_ORIGIN;
  const client = new UnreadClient(exchange);
  try {
    const verdicts: Verdict[] = [];
    // One after the other: nearly every request bears one alone.
    for (const token of tokens) verdicts.push(await settings.sessions.check(token, client));
    return stateOf(verdicts);
  } catch (error) {
    if (isSessionError(error)) return { is: 'outage', error };
    throw error;
  }
}

/** Of a token that was judged already. */
export const judgedState = (settings: HttpSettings, exchange: HttpExchange, verdict: Verdict): AuthState =>
  isForeign(settings, exchange) ? CROSS_ORIGIN : stateOf([verdict]);

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

function stateOf(verdicts: readonly Verdict[]): AuthState {
  const [live, another] = verdicts.filter((verdict) => verdict.ok);
  // Two live ones: nobody knows which of them the browser's own page meant (CKE-14).
  if (live !== undefined && another === undefined) return { is: 'session', session: live.session };
  const [verdict, second] = verdicts;
  return { is: 'none', verdict: verdict?.ok === false && second === undefined ? verdict : null };
}

/** Whether a request that bears a token may change something and does not come from our own pages; that is told. */
function isForeign(settings: HttpSettings, exchange: HttpExchange): boolean {
  if (!isUnsafe(exchange) || isOwnOrigin(exchange, settings.origins)) return false;
  reportCrossOrigin(settings, exchange);
  return true;
}
