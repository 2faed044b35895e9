import type { Client, Session } from '../../../src/index.ts';
import { clientOf } from './client.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';

/** Tells, and logs, that a page of another site asked for something (ASVS 16.3.3). */
export function reportCrossOrigin({ sessions }: HttpSettings, exchange: HttpExchange): void {
  // What follows may hold anything: the token of a link, say.
  const [start = '/'] = /^\/[^/?#]*/.exec(exchange.url) ?? [];
  const action = `${exchange.method} ${start}`;
  const device = sessions.describe(clientOf(exchange));
  sessions.report({ reason: 'cross-origin', action, by: null, user: null, account: null, device });
}

/** Tells, and logs, that somebody asked for what they may not. */
export function reportForbidden(
  { sessions }: HttpSettings,
  client: Client,
  { actor, action, user }: { readonly actor: Session; readonly action: string; readonly user: string },
): void {
  const device = sessions.describe(client);
  sessions.report({ reason: 'forbidden', action, by: actor.user, user, account: actor.account, device });
}
