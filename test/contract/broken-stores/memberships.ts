import { membershipOf, memberTag } from '../../../src/model/token.ts';
import { memberOf } from '../reference-store.ts';
import { change, type Faults, rowOf } from './fault.ts';

/** Stores that break the records of memberships. */
export const MEMBERSHIPS: Faults = {
  'a membership is advanced in the record of the user': (store) => ({
    advance: (tag, { member: _, ...advance }) => store.advance(tag, advance),
  }),
  'an advance of a membership leaves the version': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      const row = rowOf(data, tag);
      if (advance.member !== undefined && answer === 'advanced' && row !== undefined) row.version = advance.ifVersion;
      return answer;
    },
  }),
  'an advance of a membership ignores the version': (store, data) => ({
    advance(tag, advance) {
      const ifVersion = advance.member === undefined ? advance.ifVersion : (rowOf(data, tag)?.version ?? 0);
      return store.advance(tag, { ...advance, ifVersion });
    },
  }),
  'an advance of a membership rotates what conflicts': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      const { member, initiator } = advance;
      if (member !== undefined && initiator !== undefined && answer === 'conflict') {
        change(data, initiator.id, { credential: initiator.credential });
      }
      return answer;
    },
  }),
  'an advance of a membership takes any membership': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, ifMemberVersion: undefined }),
  }),
  'an advance of a membership creates': (store, data) => ({
    advance(tag, advance) {
      const member = advance.member === undefined ? tag : memberTag(tag, advance.member);
      if (!data.epochs.has(member)) {
        data.epochs.set(member, { record: advance.record, version: 1, keepUntil: advance.keepUntil });
      }
      return store.advance(tag, advance);
    },
  }),
  'an advance of a membership asks nobody': (store) => ({
    advance: (tag, { initiator, ...advance }) =>
      store.advance(tag, { ...advance, initiator: advance.member === undefined ? initiator : undefined }),
  }),
  'an advance of a membership keeps the user alone': (store, data) => ({
    advance(tag, advance) {
      const row = advance.member === undefined ? undefined : rowOf(data, memberTag(tag, advance.member));
      const kept = row?.keepUntil;
      const answer = store.advance(tag, advance);
      if (row !== undefined && kept !== undefined) row.keepUntil = kept;
      return answer;
    },
  }),
  'an advance of a membership keeps the membership alone': (store, data) => ({
    advance(tag, advance) {
      const row = advance.member === undefined ? undefined : rowOf(data, tag);
      const kept = row?.keepUntil;
      const answer = store.advance(tag, advance);
      if (row !== undefined && kept !== undefined) row.keepUntil = kept;
      return answer;
    },
  }),
  'an advance of a membership is of all of them': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (advance.member === undefined || answer !== 'advanced') return answer;
      for (const [key, row] of data.epochs) if (membershipOf(key)?.user === tag) row.record = advance.record;
      return answer;
    },
  }),
  'add keeps no membership': (store, data) => ({
    add(session, write) {
      const row = rowOf(data, memberOf(session) ?? '');
      const kept = row?.keepUntil;
      const answer = store.add(session, write);
      if (row !== undefined && kept !== undefined) row.keepUntil = kept;
      return answer;
    },
  }),
  'renew keeps no membership': (store, data) => ({
    renew(renewal) {
      const row = rowOf(data, memberOf(renewal.session) ?? '');
      const kept = row?.keepUntil;
      const answer = store.renew(renewal);
      if (row !== undefined && kept !== undefined) row.keepUntil = kept;
      return answer;
    },
  }),
  'add keeps every membership': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      for (const [key, row] of data.epochs) {
        if (membershipOf(key)?.user === session.userTag) row.keepUntil = write.keepUntil;
      }
      return answer;
    },
  }),
  'find knows no membership': (store) => ({
    find: (realm, refs) =>
      store.find(realm, refs).map((found) => found && { ...found, epochs: { ...found.epochs, member: null } }),
  }),
  'find takes one membership for another': (store, data) => ({
    find: (realm, refs) =>
      store.find(realm, refs).map((found) => {
        if (found === null || found.session.accountTag === null) return found;
        const tag = [...data.epochs.keys()].find((key) => membershipOf(key)?.user === found.session.userTag);
        return { ...found, epochs: { ...found.epochs, member: rowOf(data, tag ?? '')?.record ?? null } };
      }),
  }),
  "ensureEpochs makes a membership of the user's record": (store, data) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        requests.map((one) => {
          const user = rowOf(data, membershipOf(one.tag)?.user ?? '');
          return user === undefined ? one : { ...one, create: user.record };
        }),
        now,
      ),
  }),
  'a record of a user has all memberships': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      const row = rowOf(data, tag);
      if (advance.member === undefined || answer !== 'advanced' || row === undefined) return answer;
      const past = { ...(row.record as { past?: object }).past, [advance.member]: advance.record.base };
      row.record = { ...row.record, past } as typeof row.record;
      return answer;
    },
  }),
  'memberships knows none': () => ({ memberships: () => ({ accounts: [], after: null }) }),
  'memberships has one page': (store) => ({
    memberships: (...given) => ({ ...store.memberships(...given), after: null }),
  }),
  'memberships has no limit': (store) => ({
    memberships: (user, after) => store.memberships(user, after, 1_000_000),
  }),
  'memberships names those of everybody': (_, data) => ({
    memberships: () => ({
      accounts: [...data.epochs.keys()].flatMap((key) => membershipOf(key)?.account ?? []),
      after: null,
    }),
  }),
};
