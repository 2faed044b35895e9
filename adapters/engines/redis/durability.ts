import { SessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';
import type { ServerInfo } from './server.ts';
import { settingsOf } from './settings.ts';

/** Returns the data that a restart may lose, or `null`. `appendfsync` is `undefined` if unknown. */
export function lossOnRestart(aofEnabled: string | undefined, appendfsync: string | undefined): string | null {
  if (aofEnabled !== '1')
    return 'keeps snapshots at most (appendonly no): a restart may lose all that was written since the last one';
  if (appendfsync === 'no')
    return 'leaves it to the system when to write (appendfsync no): a crash of the machine may lose half a minute';
  return null;
}

export async function requireDurability(
  server: Server,
  servers: readonly ServerInfo[],
  allowLossOnRestart: boolean | undefined,
): Promise<void> {
  if (allowLossOnRestart === true) return;
  const settings = await settingsOf(server, 'appendfsync');
  for (const info of servers) {
    const found = settings.includes('no') ? 'no' : undefined;
    const loss = lossOnRestart(info.get('aof_enabled'), found);
    if (loss === null) continue;
    const message =
      `Redis ${loss}, and what was revoked in that time is live again. Set appendonly yes and appendfsync everysec ` +
      'or always, or allowLossOnRestart: true to put up with it';
    if (allowLossOnRestart === false) throw new SessionError('SESSION_STORE_UNSAFE', message);
    return warnOnce(message);
  }
}

// A registered symbol, so that all builds and entries in one process share one warning.
const WARNED: unique symbol = Symbol.for('session-revocation.loss-on-restart');

function warnOnce(message: string): void {
  if (Reflect.get(process, WARNED) === true) return;
  Reflect.set(process, WARNED, true);
  process.emitWarning(message, { type: 'SessionRevocationWarning', code: 'SESSION_STORE_LOSS_ON_RESTART' });
}
