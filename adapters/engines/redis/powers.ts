import type { StorePowers } from '../../../src/adapter.ts';
import { auditPower } from './audit/audit.ts';
import type { Context } from './context.ts';
import { diagnosisPower } from './diagnose.ts';
import { outboxPower } from './outbox.ts';
import { policyPower } from './policies.ts';

/** Redis cannot write in a transaction of the caller. */
export const powersOf = (context: Context): StorePowers => ({
  audit: auditPower(context),
  outbox: outboxPower(context),
  policies: policyPower(context),
  diagnosis: diagnosisPower(context),
  ...changesPowerOf(context),
});

function changesPowerOf({ changes, readiness }: Context): StorePowers {
  return changes === null ? {} : { changes: { since: (position) => readiness.ask(() => changes.since(position)) } };
}
