import type { Session } from 'session-revocation';
import { advanceEpoch, newEpoch } from '../../../../src/model/epoch.ts';
import { FENCE_KEEPS } from '../../../../src/model/fence.ts';
import { Session as Judged } from '../../../../src/model/session.ts';
import { formatToken, hashSecret, newSecret, newVersion } from '../../../../src/model/token.ts';
import type { Scenario } from '../explore.ts';
import type { Process } from '../process.ts';
import { ANN, before, inTurn, resetPassword, scenario, signInWith } from './scenario.ts';

// Operations that ignore one rule each. Each has a correct counterpart among the other scenarios.

/** Keeps a session without checking that it is live. */
async function keepWhoever(process: Process, session: Session): Promise<void> {
  const {
    userTag: user,
    accountTag: account,
    id,
    kind,
    stamps,
    credential: ifCredential,
  } = Judged.recordOf('session', session);
  const now = process.now();
  const keepUntil = now + FENCE_KEEPS;
  const [current] = await process.store.ensureEpochs(
    [{ tag: user, create: newEpoch(now), version: newVersion(), keepUntil }],
    now,
  );
  const change = { covers: { except: [] }, mark: { at: now, by: null, reason: null, fromDevice: null } };
  const advanced = advanceEpoch(current!.record, change, now);
  const record = { ...advanced!, keep: { [kind]: { id, stamp: stamps.user } } };
  const secret = newSecret();
  const initiator = { id, ifCredential, credential: hashSecret(secret), serial: 1 };
  process.intend(ANN, session);
  const advance = { record, ifVersion: current!.version, now, keepUntil, initiator, audit: [] };
  const outcome = await process.store.advance(user, advance);
  if (outcome === 'advanced') process.world.issue(formatToken({ id, user, account }, secret));
  if (outcome === 'conflict') await keepWhoever(process, session);
}

export const keepingWhoever: Scenario = scenario('two keeps at once, of whoever', async (world) => {
  const [{ session: a }, { session: b }] = [await before(world), await before(world)];
  const [one, two] = [world.process('one'), world.process('two')];
  return [() => keepWhoever(one, a), () => keepWhoever(two, b)];
});

/** Deletes a user's sessions without revoking them first. */
export const removingOnly: Scenario = scenario('remove what there is of ann × sign-in × sign-in', async (world) => {
  const { session } = await before(world);
  const { userTag } = Judged.recordOf('session', session);
  const [eraser, one, two] = [world.process('eraser'), world.process('one'), world.process('two')];
  const fence = await one.fence(ANN);
  const remove = async (): Promise<unknown> => {
    const removed = await eraser.store.deleteSessions(userTag, 100);
    world.history.forgotten.push({ realm: 'default', user: 'ann', step: world.history.step });
    return removed;
  };
  return [remove, () => one.start(ANN, fence), () => two.signIn(ANN)];
});

export const fenceAfterPassword: Scenario = scenario('reset × sign-in that takes its fence late', async (world) => {
  const [reset, old] = [world.process('reset'), world.process('old')];
  const signIn = async (): Promise<unknown> => ((await old.verify(0)) ? old.signIn(ANN) : null);
  return [() => resetPassword(world, reset), signIn];
});

export const passwordAfterAdvance: Scenario = scenario(
  'reset that writes the password last × sign-in',
  async (world) => {
    const [reset, old] = [world.process('reset'), world.process('old')];
    const writeLast = inTurn(
      () => reset.revoke(ANN, { kinds: 'all' }),
      () => world.setPassword('reset'),
      async () => {
        world.history.passwordReset = world.history.password;
      },
    );
    return [writeLast, () => signInWith(old, 0)];
  },
);

export const signOutByTheDead: Scenario = scenario(
  'sign out everywhere by whoever asks × revoke, sign-in',
  async (world) => {
    const { session } = await before(world);
    const [page, ann] = [world.process('page'), world.process('ann')];
    return [
      () => page.revoke(ANN, {}, session),
      inTurn(
        () => ann.revoke(ANN),
        () => ann.signIn(ANN),
      ),
    ];
  },
);
