import type { StorePowers } from '../../../src/adapter.ts';
import { auditPower } from './audit.ts';
import { changesPower } from './changes.ts';
import type { Context } from './context.ts';
import { diagnosisPower } from './diagnose.ts';
import { outboxPower } from './outbox.ts';
import { policyPower } from './policies.ts';

export const powersOf = (open: () => Context): StorePowers => ({
  audit: auditPower(open),
  outbox: outboxPower(open),
  policies: policyPower(open),
  diagnosis: diagnosisPower(open),
  changes: changesPower(open),
});
