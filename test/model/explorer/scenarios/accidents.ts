import type { ScopeName } from 'session-revocation/adapter';
import type { Scenario } from '../explore.ts';
import type { World } from '../world.ts';
import { ACME, ANN, AT_ACME, before, DAY, HOUR, inTurn, scenario } from './scenario.ts';

const SHORT = { sessions: { lifetime: { absolute: '30d', idle: '1d' }, touchEvery: 0, retention: '1h' } } as const;

/** Invariants 9, 10 and 11: lost records, passing time and pruning. */
export const accidents: readonly Scenario[] = [
  ...(['realm', 'account', 'user', 'member'] as const).flatMap((scope) => [
    scenario(`loss of the record of the ${scope} × sign-in × check A`, async (world) => {
      const { token } = await before(world, AT_ACME);
      const [ann, reader] = [world.process('ann'), world.process('reader')];
      return [() => lose(world, scope), () => ann.signIn(AT_ACME), () => reader.check(token)];
    }),
    scenario(`loss of the record of the ${scope} × keep A × sign-in`, async (world) => {
      const { session: a } = await before(world, AT_ACME);
      const [keeper, ann] = [world.process('keeper'), world.process('ann')];
      return [() => lose(world, scope), () => keeper.revoke(AT_ACME, { keep: a }), () => ann.signIn(AT_ACME)];
    }),
    scenario(`loss of the record of the ${scope} × renew A × revoke account`, async (world) => {
      const { session: a } = await before(world, AT_ACME);
      const [renewer, admin] = [world.process('renewer'), world.process('admin')];
      return [() => lose(world, scope), () => renewer.renew(a), () => admin.revoke(ACME)];
    }),
  ]),
  scenario(
    'sign-in that takes hours × prune, an hour ahead × prune',
    async (world) => {
      const [ann, ahead, behind] = [
        world.process('ann'),
        world.process('ahead', { skew: HOUR }),
        world.process('behind'),
      ];
      return [
        async () => {
          const fence = await ann.fence(ANN);
          await world.wait('ann', 2.9 * HOUR);
          await ann.start(ANN, fence);
        },
        () => ahead.sessions.prune(),
        () => behind.sessions.prune(),
      ];
    },
    { outcomes: 1 },
  ),
  scenario(
    'suspended long ago × prune × sign-in',
    async (world) => {
      const [admin, ann, pruner] = [world.process('admin'), world.process('ann'), world.process('pruner')];
      await admin.suspend(ANN);
      await world.wait('clock', 100 * DAY);
      return [() => ann.signIn(ANN), () => pruner.sessions.prune()];
    },
    { outcomes: 1 },
  ),
  scenario(
    'the end of an idle lifetime × check A × renew A × prune',
    async (world) => {
      const { session, token } = await before(world);
      const [reader, renewer, pruner] = [world.process('reader'), world.process('renewer'), world.process('pruner')];
      await world.wait('clock', 0.9 * DAY);
      return [
        inTurn(
          () => world.wait('clock', 0.2 * DAY),
          () => world.wait('clock', 2 * DAY),
        ),
        () => reader.check(token),
        () => renewer.renew(session),
        () => pruner.sessions.prune(),
      ];
    },
    SHORT,
  ),
  scenario(
    'the end of an absolute lifetime × reauthenticate A × check A',
    async (world) => {
      const { session, token } = await before(world);
      const [reader, ann] = [world.process('reader'), world.process('ann')];
      await world.wait('clock', 29.9 * DAY);
      const fence = await ann.fence(ANN);
      return [
        () => world.wait('clock', 0.2 * DAY),
        () => reader.check(token),
        () => ann.reauthenticate(session, fence),
      ];
    },
    { sessions: { lifetime: { absolute: '30d', idle: null } } },
  ),
  scenario(
    'reauthenticate A, late × after its old lifetime, prune',
    async (world) => {
      const { session } = await before(world);
      const [ann, pruner] = [world.process('ann'), world.process('pruner')];
      await world.wait('clock', 20 * DAY);
      const fence = await ann.fence(ANN);
      return [
        () => ann.reauthenticate(session, fence),
        inTurn(
          () => world.wait('pruner', 15 * DAY),
          () => pruner.sessions.prune(),
        ),
      ];
    },
    { sessions: { lifetime: { absolute: '30d', idle: null } } },
  ),
  scenario('sign-in × a day, prune × revoke user', async (world) => {
    const [ann, pruner, admin] = [world.process('ann'), world.process('pruner'), world.process('admin')];
    return [
      () => ann.signIn(ANN),
      inTurn(
        () => world.wait('pruner', DAY),
        () => pruner.sessions.prune(),
      ),
      () => admin.revoke(ANN),
    ];
  }),
];

const lose = (world: World, scope: ScopeName): Promise<void> => world.lose('accident', scope, AT_ACME);
