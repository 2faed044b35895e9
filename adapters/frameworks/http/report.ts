import type { ClientInfo, Session } from '../../../src/index.ts';
import { clientInfoOf } from './client-info.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options/authentication.ts';
import { explainCrossOrigin } from './origin.ts';

/** Reports the event `request.refused` for a request from another site (ASVS 16.3.3). */
export function reportCrossOrigin({ handle, origins }: HttpSettings, exchange: HttpExchange): void {
  // Only the first segment: the rest of the path may hold a secret, such as a token in a link.
  const [start = '/'] = /^\/[^/?#]*/.exec(exchange.url) ?? [];
  const action = `${exchange.method} ${start}`;
  const device = handle.describe(clientInfoOf(exchange));
  const detail = explainCrossOrigin(exchange, origins);
  handle.report({ reason: 'cross-origin', action, by: null, user: null, account: null, device, detail });
}

export function reportForbidden(
  { handle }: HttpSettings,
  client: ClientInfo,
  { actor, action, user }: { readonly actor: Session; readonly action: string; readonly user: string },
): void {
  const device = handle.describe(client);
  handle.report({ reason: 'forbidden', action, by: actor.user, user, account: actor.account, device });
}
