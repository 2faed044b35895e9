import type { Scenario } from '../explore.ts';
import { ACME, ANN, AT_ACME, AT_BETA, before, DAY, EVERYWHERE, inTurn, scenario, switchTo } from './scenario.ts';

/** Events that the app reports. The revocation takes effect even if the asking session is over. */
export const triggers: readonly Scenario[] = [
  scenario('password changed, keeping A × revoke user × end A', async (world) => {
    const { session: a } = await before(world);
    const [app, admin, ender] = [world.process('app'), world.process('admin'), world.process('ender')];
    return [() => app.trigger('passwordChanged', ANN, a), () => admin.revoke(ANN), () => ender.end(a)];
  }),
  scenario('password changed, keeping A × the same, keeping B × sign-in', async (world) => {
    const [{ session: a }, { session: b }] = [await before(world), await before(world)];
    const [one, two, ann] = [world.process('one'), world.process('two'), world.process('ann')];
    return [
      () => one.trigger('passwordChanged', ANN, a),
      () => two.trigger('passwordChanged', ANN, b),
      () => ann.signIn(ANN),
    ];
  }),
  scenario('password changed, keeping nobody × renew A × check A', async (world) => {
    const { session: a, token } = await before(world);
    const [app, renewer, reader] = [world.process('app'), world.process('renewer'), world.process('reader')];
    return [() => app.trigger('passwordChanged', ANN), () => renewer.renew(a), () => reader.check(token)];
  }),
  scenario('password reset, asked by A × keep A × sign-in', async (world) => {
    const { session: a } = await before(world);
    const [app, keeper, ann] = [world.process('app'), world.process('keeper'), world.process('ann')];
    return [
      () => app.trigger('passwordReset', ANN, a),
      () => keeper.revoke(ANN, { keep: a }),
      () => ann.signIn(ANN, { kind: 'api' }),
    ];
  }),
  scenario('member removed × switch into the account × sign-in there', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [app, ann, other] = [world.process('app'), world.process('ann'), world.process('other')];
    const fence = await other.fence(AT_BETA);
    return [
      () => app.trigger('memberRemoved', AT_BETA),
      () => switchTo(ann, a, AT_BETA),
      () => other.start(AT_BETA, fence),
    ];
  }),
];

/** Sign-outs under an account policy that ends all sessions, and changes of that policy. */
export const signOuts: readonly Scenario[] = [
  scenario(
    'sign out A, and so everywhere × sign out B, the same × sign-in',
    async (world) => {
      const [{ session: a }, { session: b }] = [await before(world, AT_ACME), await before(world, AT_ACME)];
      const [one, two, ann] = [world.process('one'), world.process('two'), world.process('ann')];
      return [() => one.signOut(a), () => two.signOut(b), () => ann.signIn(AT_ACME)];
    },
    EVERYWHERE,
  ),
  scenario(
    'sign out A, and so everywhere × renew A × keep B',
    async (world) => {
      const [{ session: a }, { session: b }] = [await before(world, AT_ACME), await before(world, AT_ACME)];
      const [page, renewer, keeper] = [world.process('page'), world.process('renewer'), world.process('keeper')];
      return [() => page.signOut(a), () => renewer.renew(a), () => keeper.revoke(AT_ACME, { keep: b })];
    },
    EVERYWHERE,
  ),
  scenario(
    'policy set to everywhere, and to session × set to everywhere × sign out A',
    async (world) => {
      const { session: a } = await before(world, AT_ACME);
      await before(world, AT_ACME, { kind: 'api' });
      const [one, two, page] = [world.process('one'), world.process('two'), world.process('page')];
      return [
        inTurn(
          () => one.sessions.setPolicy('acme', { signOut: 'everywhere' }),
          () => one.sessions.setPolicy('acme', { signOut: 'session' }),
        ),
        () => two.sessions.setPolicy('acme', { signOut: 'everywhere' }),
        () => page.signOut(a),
      ];
    },
    // The explorer does not tell the answers apart: they are policies and a sign-out.
    { sessions: { policy: 'stored' }, outcomes: 1 },
  ),
];

/** Ending idle sessions, with concurrent use, renewal and switch. */
export const cleaning: readonly Scenario[] = [
  scenario('the idle ones of ann × check A × renew B', async (world) => {
    const [{ token }, { session: b }] = [await before(world), await before(world)];
    await world.wait('clock', DAY);
    const [cleaner, reader, renewer] = [world.process('cleaner'), world.process('reader'), world.process('renewer')];
    return [() => cleaner.endIdle(ANN, '1h'), () => reader.check(token), () => renewer.renew(b)];
  }),
  scenario('the idle ones of an account × switch A', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    await before(world, { user: 'bob', account: 'acme' });
    await world.wait('clock', DAY);
    const [cleaner, ann] = [world.process('cleaner'), world.process('ann')];
    return [() => cleaner.sessions.endIdle({ ...ACME, unusedFor: '1h' }), () => switchTo(ann, a, AT_BETA)];
  }),
];

/** Erasure of a user. A sign-in that began before it must leave nothing behind. */
export const forgetting: readonly Scenario[] = [
  scenario('forget ann × sign-in × sign-in that had begun', async (world) => {
    await before(world);
    const [eraser, late, early] = [world.process('eraser'), world.process('late'), world.process('early')];
    const fence = await early.fence(ANN);
    return [() => eraser.forgetUser('ann'), () => late.signIn(ANN), () => early.start(ANN, fence)];
  }),
  scenario('forget ann × renew A × check A', async (world) => {
    const { session: a, token } = await before(world, AT_ACME);
    const [eraser, renewer, reader] = [world.process('eraser'), world.process('renewer'), world.process('reader')];
    return [() => eraser.forgetUser('ann'), () => renewer.renew(a), () => reader.check(token)];
  }),
  scenario('forget ann × password changed, keeping A × end A', async (world) => {
    const { session: a } = await before(world);
    const [eraser, app, ender] = [world.process('eraser'), world.process('app'), world.process('ender')];
    return [() => eraser.forgetUser('ann'), () => app.trigger('passwordChanged', ANN, a), () => ender.end(a)];
  }),
];
