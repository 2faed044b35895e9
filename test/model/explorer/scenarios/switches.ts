import type { Scenario } from '../explore.ts';
import { ACME, ANN, AT_ACME, AT_BETA, BETA, before, inTurn, scenario, switchTo } from './scenario.ts';

/** A switch of account against concurrent writes. */
export const switches: readonly Scenario[] = [
  scenario('switch × revoke member of the new account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [() => switchTo(ann, a, AT_BETA), () => admin.revoke(AT_BETA)];
  }),
  scenario('switch × revoke member of the old account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [() => switchTo(ann, a, AT_BETA), () => admin.revoke(AT_ACME)];
  }),
  scenario('switch × suspend, resume the new account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [
      () => switchTo(ann, a, AT_BETA),
      inTurn(
        () => admin.suspend(BETA),
        () => admin.resume(BETA),
      ),
    ];
  }),
  scenario('switch × keep A as a member × end A', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, keeper, ender] = [world.process('ann'), world.process('keeper'), world.process('ender')];
    const fence = await ann.fence(AT_BETA);
    return [
      () => ann.renew(a, { account: 'beta', fence }),
      () => keeper.revoke(AT_ACME, { keep: a }),
      () => ender.end(a),
    ];
  }),
  scenario('switch, switch back × revoke user × revoke member', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, user, member] = [world.process('ann'), world.process('user'), world.process('member')];
    const [there, back] = [await ann.fence(AT_BETA), await ann.fence(AT_ACME)];
    return [
      async () => {
        const switched = await ann.renew(a, { account: 'beta', fence: there });
        return switched.ok ? ann.renew(switched.session, { account: 'acme', fence: back }) : switched;
      },
      () => user.revoke(ANN),
      () => member.revoke(AT_BETA),
    ];
  }),
];

/** The revocation or the loss of the account that a session is leaving. */
export const leaving: readonly Scenario[] = [
  scenario('switch × revoke the old account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const [ann, admin] = [world.process('ann'), world.process('admin')];
    return [() => switchTo(ann, a, AT_BETA), () => admin.revoke(ACME)];
  }),
  scenario('switch × loss of the old account', async (world) => {
    const { session: a } = await before(world, AT_ACME);
    const ann = world.process('ann');
    return [() => switchTo(ann, a, AT_BETA), () => world.lose('accident', 'account', AT_ACME)];
  }),
];
