import { SessionError } from '../lib/errors.ts';
import type { SessionStore, StorePowers } from './store.ts';

export function requirePower<Name extends keyof StorePowers>(
  { powers }: Pick<SessionStore, 'powers'>,
  name: Name,
): NonNullable<StorePowers[Name]> {
  const power = powers?.[name];
  if (power !== undefined && power !== null) return power;
  throw new SessionError('SESSION_STORE_LACKS_POWER', LACKS[name]);
}

const LACKS: Readonly<Record<keyof StorePowers, string>> = {
  transactions:
    'this store takes no part in transactions. Those of Postgres, MySQL and MariaDB do (postgresStore, mysqlStore). With ' +
    'this one, commit first, and call revoke, trigger or end on sessions itself right after the commit',
  audit:
    'this store keeps no audit log. Those of this package do; or give the log to a function: audit: { store: false, sink }',
  outbox:
    'this store queues no messages, which audit.outbox needs. Those of this package do; or tell other systems from a ' +
    "listener, sessions.on('sessions.revoked', …), which loses what a crash interrupts",
  policies:
    "this store keeps no policies, which policy: 'stored' needs. Those of this package do; or give policy a function of an " +
    'account that asks your own tables',
  diagnosis: 'this store cannot tell how its server stands. Those of this package for a file or a server can',
  changes: 'this store does not tell what changed. Those of this package do',
};
