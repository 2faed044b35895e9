import type { SessionStore } from 'session-revocation';
import type { AuditRecord, Awaitable } from 'session-revocation/adapter';
import { newEpoch } from '../../../src/model/epoch.ts';
import { newVersion } from '../../../src/model/token.ts';
import type { WorldOptions } from './world.ts';

// Stores whose verbs are not one atomic step. Another process, or a crash, may come in between.

type Split = NonNullable<WorldOptions['split']>;

/** Rotates the secret of the kept session in a separate step. */
export const lateRotation: Split = (store, { world, name }) => ({
  ...store,
  advance: async (tag, advance) => {
    const { initiator } = advance;
    if (initiator === undefined) return store.advance(tag, advance);
    const outcome = await store.advance(tag, {
      ...advance,
      initiator: { ...initiator, credential: initiator.ifCredential },
    });
    await world.act(name, 'rotate', () => {
      const row = world.reference.row(initiator.id);
      if (row !== null)
        world.reference.overwrite({ ...row, credential: initiator.credential, serial: initiator.serial });
    });
    return outcome;
  },
});

/** Records a use by writing back the session that `find` returned. */
export const copyingTouch: Split = (store, { world, name }) => {
  let found: Awaited<ReturnType<SessionStore['find']>> = [];
  return {
    ...store,
    find: async (realm, refs) => {
      found = await store.find(realm, refs);
      return found;
    },
    touch: (touches) =>
      world.act(name, 'touch', () => {
        for (const one of found) world.reference.overwrite({ ...one!.session, lastUsedAt: touches[0]!.at });
      }),
  };
};

/** Answers a read of the left account's records from before the switch. */
export const oldLookAtLeftAccount: Split = (store) => {
  let left: Awaited<ReturnType<SessionStore['find']>> = [];
  return {
    ...store,
    find: async (realm, refs) => {
      left = await store.find(realm, refs);
      return left;
    },
    readEpochs: async (tags) => {
      const { account = null, member = null } = left[0]?.epochs ?? {};
      const isOfLeftAccount = tags[0] === left[0]?.session.accountTag;
      if (!isOfLeftAccount || account === null || member === null) return store.readEpochs(tags);
      return [account, member].map((record) => ({ record, version: 0 }));
    },
  };
};

/** Raises the `keepUntil` of the user's record in a separate step. */
export const lateKeepUntil: Split = (store) => ({
  ...store,
  add: async (session, write) => {
    const outcome = await store.add(session, { ...write, keepUntil: 0 });
    const request = { tag: session.userTag, create: newEpoch(session.createdAt), version: newVersion() };
    if (outcome === 'added') await store.ensureEpochs([{ ...request, keepUntil: write.keepUntil }], write.now);
    return outcome;
  },
});

/** Writes log entries in a separate step from the verbs that they describe. */
const loggingBeside =
  (
    log: <T>(verb: () => Awaitable<T>, append: () => Promise<void>, took: (outcome: T) => boolean) => Promise<T>,
  ): Split =>
  (store, { world, name }) => {
    const append = (records: readonly AuditRecord[]) => () =>
      world.act(name, 'log', () => world.reference.log.append(records));
    return {
      ...store,
      add: (session, { audit, ...write }) =>
        log(
          () => store.add(session, { ...write, audit: [] }),
          append(audit),
          (outcome) => outcome === 'added',
        ),
      advance: (tag, { audit, ...advance }) =>
        log(
          () => store.advance(tag, { ...advance, audit: [] }),
          append(audit),
          (outcome) => outcome === 'advanced',
        ),
    };
  };

export const loggingFirst: Split = loggingBeside(async (verb, append) => {
  await append();
  return verb();
});

export const loggingLast: Split = loggingBeside(async (verb, append, took) => {
  const outcome = await verb();
  if (took(outcome)) await append();
  return outcome;
});
