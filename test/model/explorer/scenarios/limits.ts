import type { Scenario } from '../explore.ts';
import { ANN, AT_ACME, AT_BETA, before, CHROME, scenario } from './scenario.ts';

const limited = (overflow: 'end-oldest' | 'refuse', perUser: number) => ({
  sessions: { limit: { perUser, overflow } },
});

/** Invariant 6: limits hold under simultaneous sign-ins. */
export const limits: readonly Scenario[] = [
  ...(['end-oldest', 'refuse'] as const).map((overflow) =>
    scenario(
      `three sign-ins, one may be (${overflow})`,
      async (world) => {
        const people = ['one', 'two', 'three'].map((name) => world.process(name));
        const fences = await Promise.all(people.map((person) => person.fence(ANN)));
        return people.map((person, at) => () => person.start(ANN, fences[at]!));
      },
      { ...limited(overflow, 1), outcomes: overflow === 'refuse' ? 3 : 1 },
    ),
  ),
  ...(['end-oldest', 'refuse'] as const).map((overflow) =>
    scenario(
      `two sign-ins × end A, two may be (${overflow})`,
      async (world) => {
        const { session: a } = await before(world);
        const [one, two, ender] = [world.process('one'), world.process('two'), world.process('ender')];
        const fences = [await one.fence(ANN), await two.fence(ANN)] as const;
        return [() => one.start(ANN, fences[0]), () => two.start(ANN, fences[1]), () => ender.end(a)];
      },
      limited(overflow, 2),
    ),
  ),
  scenario(
    'two sign-ins after a revocation, one may be (refuse)',
    async (world) => {
      await before(world);
      await world.process('admin').revoke(ANN);
      const [one, two] = [world.process('one'), world.process('two')];
      return [() => one.signIn(ANN), () => two.signIn(ANN)];
    },
    limited('refuse', 1),
  ),
  scenario(
    'sign-in × switch × revoke user, one may be',
    async (world) => {
      const { session: a } = await before(world, AT_ACME);
      const [ann, switcher, admin] = [world.process('ann'), world.process('switcher'), world.process('admin')];
      const fences = [await ann.fence(AT_BETA), await switcher.fence(AT_BETA)] as const;
      return [
        () => ann.start(AT_BETA, fences[0]),
        () => switcher.renew(a, { account: 'beta', fence: fences[1] }),
        () => admin.revoke(ANN),
      ];
    },
    limited('end-oldest', 1),
  ),
  scenario(
    'two sign-ins in the same browser × check A',
    async (world) => {
      const { token } = await before(world, ANN, { userAgent: CHROME });
      const [one, two, reader] = [world.process('one'), world.process('two'), world.process('reader')];
      const fences = [await one.fence(ANN), await two.fence(ANN)] as const;
      return [
        () => one.start(ANN, fences[0], { userAgent: CHROME }),
        () => two.start(ANN, fences[1], { userAgent: CHROME }),
        () => reader.check(token),
      ];
    },
    { sessions: { replace: 'same-browser' } },
  ),
];
