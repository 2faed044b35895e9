import { isOn, type Settings } from './server.ts';

export interface Risk {
  readonly found: string;
  readonly advice: string;
}

export function risksOf(settings: Settings): readonly Risk[] {
  const risks: Risk[] = [];
  const risk = (found: string, advice: string): void => void risks.push({ found, advice });
  const flush = settings.get('innodb_flush_log_at_trx_commit');
  if (flush === '0') {
    risk(
      'innodb_flush_log_at_trx_commit is 0: a crash of the server alone may bring back what was revoked in the last second',
      'set innodb_flush_log_at_trx_commit to 1',
    );
  } else if (flush !== '1' && flush !== '3') {
    risk(
      `innodb_flush_log_at_trx_commit is ${flush}: a crash of the machine may bring back what was revoked in the last second`,
      'set innodb_flush_log_at_trx_commit to 1',
    );
  }
  if (isOn(settings, 'log_bin') && settings.get('sync_binlog') !== '1') {
    // After a crash, the server rolls back transactions that are missing in its binary log, even if InnoDB has them.
    risk(
      `log_bin is on and sync_binlog is ${settings.get('sync_binlog')}: a crash of the machine may bring back what was revoked`,
      'set sync_binlog to 1',
    );
  }
  const method = settings.get('innodb_flush_method') ?? '';
  if (['NOSYNC', 'LITTLESYNC'].includes(method)) {
    risk(
      `innodb_flush_method is ${method}: a crash of the machine may bring back what was revoked, or damage the tables`,
      'leave innodb_flush_method at its default',
    );
  }
  return risks;
}

/**
 * Warns of settings that let a crash undo writes. Does not fail: the server works, and an app in development may accept
 * the risk.
 */
export function warnOfRisks(settings: Settings): void {
  for (const { found, advice } of risksOf(settings)) {
    process.emitWarning(`${found}: ${advice}`, { type: 'SessionRevocationWarning', code: 'SESSION_STORE_DURABILITY' });
  }
}
