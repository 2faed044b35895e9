import type { PolicyPower } from '../../../src/adapter.ts';
import type { Context } from './context.ts';
import { Call } from './scripts/script.ts';
import { SET_POLICY } from './scripts/verbs.ts';

/** Each policy is in the slot of its account. */
export const policyPower = ({ server, keys, readiness, journal }: Context): PolicyPower => ({
  get: (account) =>
    readiness.ask(async () => {
      const [value = null] = await server.read([keys.policy(account)]);
      return value;
    }),

  set: ({ account, value, ifValue, audit }) =>
    readiness.ask(async () => {
      const call = new Call().key(keys.policy(account)).arg(value, ifValue === null ? '0' : '1', ifValue ?? '');
      journal.enter(call, account, audit);
      const written = await journal.write(account, audit, () => server.runForGood(SET_POLICY, call));
      return Number(written) === 1 ? 'set' : 'conflict';
    }),
});
