import type { StorePowers } from '../../../src/adapter.ts';
import { auditPower } from './audit.ts';
import { changesPower } from './changes.ts';
import type { Contents } from './contents.ts';
import { diagnosisPower } from './diagnose.ts';
import { outboxPower } from './outbox.ts';
import { policyPower } from './policies.ts';

export const powersOf = (open: () => Contents): StorePowers => ({
  audit: auditPower(open),
  outbox: outboxPower(open),
  policies: policyPower(open),
  diagnosis: diagnosisPower(open),
  changes: changesPower(open),
});
