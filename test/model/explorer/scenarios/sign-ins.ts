import type { Scenario } from '../explore.ts';
import {
  ACME,
  ANN,
  AT_ACME,
  AT_BETA,
  before,
  HOUR,
  inTurn,
  REALM,
  resetPassword,
  scenario,
  signInWith,
} from './scenario.ts';

/** Invariant 3, and invariant 1 for sign-ins that are under way. */
export const signIns: readonly Scenario[] = [
  scenario('sign-in × revoke user', async (world) => {
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [() => ann.signIn(ANN), () => admin.revoke(ANN)];
  }),
  scenario('sign-in × suspend, resume', async (world) => {
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [
      () => ann.signIn(ANN),
      inTurn(
        () => admin.suspend(ANN),
        () => admin.resume(ANN),
      ),
    ];
  }),
  scenario('sign-in × resume × resume', async (world) => {
    const [ann, one, two] = [world.process('ann'), world.process('one'), world.process('two')];
    await one.suspend(ANN);
    return [() => ann.signIn(ANN), () => one.resume(ANN), () => two.resume(ANN)];
  }),
  scenario('sign-in × suspend, revoke user', async (world) => {
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [
      () => ann.signIn(ANN),
      inTurn(
        () => admin.suspend(ANN),
        () => admin.revoke(ANN),
      ),
    ];
  }),
  scenario('sign-in at an account × suspend, resume member', async (world) => {
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [
      () => ann.signIn(AT_ACME),
      inTurn(
        () => admin.suspend(AT_ACME),
        () => admin.resume(AT_ACME),
      ),
    ];
  }),
  scenario('sign-in at an account × suspend, resume account', async (world) => {
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [
      () => ann.signIn(AT_ACME),
      inTurn(
        () => admin.suspend(ACME),
        () => admin.resume(ACME),
      ),
    ];
  }),
  scenario('sign-in at an account × revoke member × revoke account', async (world) => {
    const [ann, member, account] = [world.process('ann'), world.process('member'), world.process('account')];
    return [() => ann.signIn(AT_ACME), () => member.revoke(AT_ACME), () => account.revoke(ACME)];
  }),
  scenario('sign-in × sign-in × revoke realm', async (world) => {
    const [one, two, admin] = [world.process('one'), world.process('two'), world.process('admin')];
    return [() => one.signIn(ANN), () => two.signIn({ user: 'bob' }), () => admin.revoke(REALM)];
  }),
  scenario('sign-in as api × as browser × revoke browser', async (world) => {
    const [api, page, admin] = [world.process('api'), world.process('page'), world.process('admin')];
    const fence = await page.fence(ANN);
    return [
      () => api.signIn(ANN, { kind: 'api' }),
      () => page.start(ANN, fence),
      () => admin.revoke(ANN, { kinds: ['browser'] }),
    ];
  }),
  scenario('sign-in as api × revoke browser, revoke user, revoke all', async (world) => {
    const [api, admin] = [world.process('api'), world.process('admin')];
    return [
      () => api.signIn(ANN, { kind: 'api' }),
      inTurn(
        () => admin.revoke(ANN, { kinds: ['browser'] }),
        () => admin.revoke(ANN),
        () => admin.revoke(ANN, { kinds: 'all' }),
      ),
    ];
  }),
  scenario('sign-in, clock an hour ahead × revoke user, an hour behind × sign-in, clock right', async (world) => {
    const [ahead, behind] = [world.process('ahead', { skew: HOUR }), world.process('behind', { skew: -HOUR })];
    const right = world.process('right');
    const fence = await right.fence(ANN);
    return [() => ahead.signIn(ANN), () => behind.revoke(ANN), () => right.start(ANN, fence)];
  }),
  scenario('reset of a password × sign-in with the old one × with the new one', async (world) => {
    const [reset, old, fresh] = [world.process('reset'), world.process('old'), world.process('new')];
    return [() => resetPassword(world, reset), () => signInWith(old, 0), () => signInWith(fresh, 1)];
  }),
];

/** Invariant 5: revocations do not affect other users, accounts and realms. */
export const strangers: readonly Scenario[] = [
  scenario(
    'revocations of ann × sign-ins of others',
    async (world) => {
      await before(world, { user: 'bob', account: 'acme' });
      await before(world, AT_BETA, { kind: 'api' });
      const other = world.process('buyer', { realm: 'buyer' });
      await other.signIn(AT_ACME);
      const [admin, bob] = [world.process('admin'), world.process('bob')];
      return [
        inTurn(
          () => admin.revoke(ANN),
          () => admin.revoke(AT_ACME, { kinds: 'all' }),
        ),
        () => bob.signIn({ user: 'bob' }),
        () => other.signIn(ANN),
      ];
    },
    { outcomes: 1 },
  ),
];
