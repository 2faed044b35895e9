import type { StorePowers } from '../../../src/adapter.ts';
import { auditPower } from './audit.ts';
import type { Context } from './context.ts';
import { diagnosisPower } from './diagnose.ts';
import { policyPower } from './policies.ts';
import { transactionPower } from './within.ts';

export const powersOf = <Transaction>(context: Context<Transaction>): StorePowers<Transaction> => ({
  audit: auditPower(context),
  policies: policyPower(context),
  transactions: transactionPower(context),
  diagnosis: diagnosisPower(context),
});
