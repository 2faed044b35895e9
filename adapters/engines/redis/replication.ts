import { isReplica } from './errors.ts';
import { parseInfo } from './server.ts';

export const standingQuestion = (confirmation: Confirmation | null): readonly string[] =>
  confirmation === null ? ['ROLE'] : ['INFO', 'replication'];

/**
 * Requires that the server is a primary. With the option `replicas`, a primary that hears from too few replicas may be
 * cut off: another server may have become the primary and receive revocations.
 *
 * @throws `SESSION_STORE_UNSAFE` for a replica, and an `Error` (an outage) for a primary that may be cut off.
 */
export function requirePrimary(standing: unknown, confirmation: Confirmation | null): void {
  if (confirmation === null) {
    if (String((standing as readonly unknown[])[0]) !== 'master') throw isReplica();
    return;
  }
  const info = parseInfo(standing);
  if (info.get('role') !== 'master') throw isReplica();
  const { atLeast, maxLag } = confirmation;
  const near = [...info].filter(([name, text]) => /^slave\d+$/.test(name) && isNear(text, maxLag)).length;
  if (near >= atLeast) return;
  throw new Error(
    `this Redis heard from ${near} of ${atLeast} replicas within ${maxLag} ms: it may be cut off, and not know what was revoked`,
  );
}

/** Tells whether the primary heard from a replica within `maxLag`. The server counts the lag in whole seconds. */
function isNear(text: string, maxLag: number): boolean {
  const lag = /,lag=(\d+)/.exec(text)?.[1];
  return text.includes('state=online') && lag !== undefined && Number(lag) * 1000 <= maxLag;
}

/** Number of replicas that must confirm a write that takes something away from a user, and their time limits. */
export interface Confirmation {
  readonly atLeast: number;
  /** In ms. */
  readonly timeout: number;
  /** Longest silence after which a replica still counts as connected, in ms. */
  readonly maxLag: number;
}
