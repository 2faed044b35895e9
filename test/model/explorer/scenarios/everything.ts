import type { Session } from 'session-revocation';
import type { Scenario } from '../explore.ts';
import type { Process } from '../process.ts';
import type { World, WorldOptions } from '../world.ts';
import {
  ACME,
  ANN,
  AT_ACME,
  AT_BETA,
  BETA,
  before,
  DAY,
  EVERYWHERE,
  inTurn,
  REALM,
  scenario,
  switchTo,
} from './scenario.ts';

interface Subjects {
  /** Two sessions in an account, and the token of the first. */
  readonly a: Session;
  readonly b: Session;
  readonly token: string;
}

type Operation = (process: Process, subjects: Subjects, world: World) => Promise<unknown>;

/** One operation of each sort. */
export const operations: Readonly<Record<string, Operation>> = {
  'sign-in': (process) => process.signIn(ANN),
  'sign-in at an account': (process) => process.signIn(AT_ACME),
  'sign-in as api': (process) => process.signIn(AT_ACME, { kind: 'api' }),
  'check A': (process, { token }) => process.check(token),
  'renew A': (process, { a }) => process.renew(a),
  'reauthenticate A': async (process, { a }) => process.reauthenticate(a, await process.fence(AT_ACME)),
  'switch A': (process, { a }) => switchTo(process, a, AT_BETA),
  'end A': (process, { a }) => process.end(a),
  'revoke user': (process) => process.revoke(ANN),
  'revoke user, all kinds': (process) => process.revoke(ANN, { kinds: 'all' }),
  'revoke user, api': (process) => process.revoke(ANN, { kinds: ['api'] }),
  'keep A': (process, { a }) => process.revoke(ANN, { keep: a }),
  'keep B': (process, { b }) => process.revoke(ANN, { keep: b }),
  'sign out everywhere by A': (process, { a }) => process.revoke(ANN, { ifLive: a }),
  'password changed, keeping A': (process, { a }) => process.trigger('passwordChanged', ANN, a),
  'password reset': (process) => process.trigger('passwordReset', ANN),
  'sign out A, and so everywhere': (process, { a }) => process.signOut(a),
  'end the idle ones of the user': (process) => process.endIdle(ANN, 1),
  'forget the user': (process) => process.forgetUser('ann'),
  'revoke member': (process) => process.revoke(AT_ACME),
  'keep A as a member': (process, { a }) => process.revoke(AT_ACME, { keep: a }),
  'revoke account': (process) => process.revoke(ACME),
  'revoke the other account': (process) => process.revoke(BETA),
  'revoke realm': (process) => process.revoke(REALM),
  'suspend, resume user': (process) =>
    inTurn(
      () => process.suspend(ANN),
      () => process.resume(ANN),
    )(),
  'suspend, resume account': (process) =>
    inTurn(
      () => process.suspend(ACME),
      () => process.resume(ACME),
    )(),
  'lose user': (process, _, world) => world.lose(process.name, 'user', AT_ACME),
  'lose account': (process, _, world) => world.lose(process.name, 'account', AT_ACME),
  'lose realm': (process, _, world) => world.lose(process.name, 'realm', AT_ACME),
  'lose member': (process, _, world) => world.lose(process.name, 'member', AT_ACME),
  'a day, prune': (process, _, world) =>
    inTurn(
      () => world.wait(process.name, DAY),
      () => process.sessions.prune(),
    )(),
};

/** Returns a scenario that runs these operations at the same time. Two sessions in an account and one outside exist. */
export function together(names: readonly string[], options: WorldOptions = {}): Scenario {
  return scenario(
    names.join(' × '),
    async (world) => {
      // Advances two scopes first, so that no two stamps are equal.
      await world.process('admin').revoke(AT_ACME);
      await world.process('admin').revoke(ANN);
      const { session: a, token } = await before(world, AT_ACME);
      const { session: b } = await before(world, AT_ACME);
      await before(world, ANN, { kind: 'api' });
      return names.map((name, at) => {
        const process = world.process(`${at}`);
        return () => operations[name]!(process, { a, b, token }, world);
      });
    },
    { ...EVERYWHERE, ...options },
  );
}

/** Returns every combination of `count` operations. An operation may repeat. */
export function choices(count: number, from = 0): readonly (readonly string[])[] {
  if (count === 0) return [[]];
  const names = Object.keys(operations);
  return names.flatMap((name, at) => (at < from ? [] : choices(count - 1, at).map((others) => [name, ...others])));
}
