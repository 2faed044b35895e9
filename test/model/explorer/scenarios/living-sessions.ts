import type { Scenario } from '../explore.ts';
import { ACME, ANN, AT_ACME, AT_BETA, before, inTurn, REALM, scenario, signOutEverywhere } from './scenario.ts';

/** Invariants 1, 2, 4 and 10: revocations against live sessions, renewals and keeps. */
export const sessions: readonly Scenario[] = [
  scenario('revoke user × check of a kind that nobody listed × sign-in of it', async (world) => {
    const { token } = await before(world, ANN, { kind: 'mcp' });
    const [admin, reader, ann] = [world.process('admin'), world.process('reader'), world.process('ann')];
    return [() => admin.revoke(ANN), () => reader.check(token), () => ann.signIn(ANN, { kind: 'mcp' })];
  }),
  scenario('revoke others keeping A × renew A × check A', async (world) => {
    const { session, token } = await before(world);
    await before(world);
    const [keeper, renewer, reader] = [world.process('keeper'), world.process('renewer'), world.process('reader')];
    return [() => keeper.revoke(ANN, { keep: session }), () => renewer.renew(session), () => reader.check(token)];
  }),
  scenario('two keeps at once × sign-in', async (world) => {
    const [{ session: a }, { session: b }] = [await before(world), await before(world)];
    const [one, two, ann] = [world.process('one'), world.process('two'), world.process('ann')];
    return [() => one.revoke(ANN, { keep: a }), () => two.revoke(ANN, { keep: b }), () => ann.signIn(ANN)];
  }),
  scenario('keep A twice, in two scopes × revoke account', async (world) => {
    // Advances two scopes first, so that no two stamps are equal.
    await world.process('admin').revoke(AT_ACME);
    await world.process('admin').revoke(ANN);
    const { session: a } = await before(world, AT_ACME);
    await before(world, AT_BETA);
    const [user, member, admin] = [world.process('user'), world.process('member'), world.process('admin')];
    return [() => user.revoke(ANN, { keep: a }), () => member.revoke(AT_ACME, { keep: a }), () => admin.revoke(ACME)];
  }),
  scenario('keep A × revoke user × end A', async (world) => {
    const { session: a } = await before(world);
    const [keeper, admin, ender] = [world.process('keeper'), world.process('admin'), world.process('ender')];
    return [() => keeper.revoke(ANN, { keep: a }), () => admin.revoke(ANN), () => ender.end(a)];
  }),
  scenario('keep an api session × keep a browser session × revoke api', async (world) => {
    const [{ session: a }, { session: b }] = [await before(world, ANN, { kind: 'api' }), await before(world)];
    const [one, two, admin] = [world.process('one'), world.process('two'), world.process('admin')];
    return [
      () => one.revoke(ANN, { keep: a, kinds: 'all' }),
      () => two.revoke(ANN, { keep: b }),
      () => admin.revoke(ANN, { kinds: ['api'] }),
    ];
  }),
  scenario('end A × check A × check A', async (world) => {
    const { session, token } = await before(world);
    const [ender, one, two] = [world.process('ender'), world.process('one'), world.process('two')];
    return [() => ender.end(session), () => one.check(token), () => two.check(token)];
  }),
  scenario('end A × renew A × reauthenticate A', async (world) => {
    const { session: a } = await before(world);
    const [ender, one, two] = [world.process('ender'), world.process('one'), world.process('two')];
    const fence = await two.fence(ANN);
    return [() => ender.end(a), () => one.renew(a), () => two.reauthenticate(a, fence)];
  }),
  scenario('renew A × revoke user × check A', async (world) => {
    const { session, token } = await before(world);
    const [renewer, admin, reader] = [world.process('renewer'), world.process('admin'), world.process('reader')];
    return [() => renewer.renew(session), () => admin.revoke(ANN), () => reader.check(token)];
  }),
  scenario('renew A × revoke realm × revoke account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [renewer, realm, account] = [world.process('renewer'), world.process('realm'), world.process('account')];
    return [() => renewer.renew(a), () => realm.revoke(REALM), () => account.revoke(ACME)];
  }),
  scenario('reauthenticate A × keep B × renew A', async (world) => {
    const [{ session: a }, { session: b }] = [await before(world), await before(world)];
    const [one, keeper, two] = [world.process('one'), world.process('keeper'), world.process('two')];
    return [
      async () => one.reauthenticate(a, await one.fence(ANN)),
      () => keeper.revoke(ANN, { keep: b }),
      () => two.renew(a),
    ];
  }),
  scenario('sign out everywhere by A × revoke user, sign in anew', async (world) => {
    const { token } = await before(world);
    const [page, ann] = [world.process('page'), world.process('ann')];
    return [
      () => signOutEverywhere(page, token),
      inTurn(
        () => ann.revoke(ANN),
        () => ann.signIn(ANN),
      ),
    ];
  }),
  scenario('sign out everywhere by A × sign out everywhere by B × sign-in', async (world) => {
    const [{ session: a }, { session: b }] = [await before(world), await before(world)];
    const [one, two, ann] = [world.process('one'), world.process('two'), world.process('ann')];
    return [() => one.revoke(ANN, { ifLive: a }), () => two.revoke(ANN, { ifLive: b }), () => ann.signIn(ANN)];
  }),
];
