import { describe, expect, test } from 'vitest';
import { pageOf, startOf } from '../../adapters/engines/sql/audit-page.ts';
import { youngestFirst } from '../../adapters/engines/sql/found.ts';
import { membershipPage } from '../../adapters/engines/sql/membership-page.ts';
import type { Row } from '../../adapters/engines/sql/values.ts';
import type { AuditPage, FoundSession } from '../../src/adapter.ts';
import { person } from '../../src/testing/harness/records.ts';

type Person = ReturnType<typeof person>;
const byTag = (a: Person, b: Person): number => (`${a.tags.member}` < `${b.tags.member}` ? -1 : 1);

const [one, two, three] = ['acme', 'beta', 'gamma'].map((account) => person('ann', account)).sort(byTag);
if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
const { user } = one.tags;

describe('a page of the memberships of a user', () => {
  const [first, second, third] = [one, two, three].map(({ tags }) => tags.account);
  const members = [one, two, three].map(({ tags }) => tags.member ?? expect.fail('in an account'));

  test('asks for one more, and names the last account if another follows', () => {
    const { limit, answer } = membershipPage(user, null, 2);
    expect(limit).toBe(3);
    expect(answer(members)).toEqual({ accounts: [first, second], after: second });
    expect(answer(members.slice(1))).toEqual({ accounts: [second, third], after: null });
    expect(answer([])).toEqual({ accounts: [], after: null });
  });

  test('lies between two strings that hold all memberships of this user, and of no other', () => {
    const { tags } = person('bob', 'acme');
    const isIn = (after: string | null, tag: string | null): boolean => {
      const { from, until } = membershipPage(user, after, 2);
      return tag !== null && tag > from && tag < until;
    };
    expect(members.map((tag) => isIn(null, tag))).toEqual([true, true, true]);
    expect(members.map((tag) => isIn(first ?? null, tag))).toEqual([false, true, true]);
    expect([user, tags.user, tags.member].map((tag) => isIn(null, tag))).toEqual([false, false, false]);
  });
});

test('sessions of one time are in the order of the bytes of their ids, the greatest first', () => {
  const found = [...'aB-_Z0'].map((id, at) => ({ session: { id, createdAt: at % 2 } }) as FoundSession);
  expect(found.sort(youngestFirst).map(({ session }) => session.id)).toEqual([...'_B0aZ-']);
});

describe('a page of the log', () => {
  const page = (changes: Partial<AuditPage>): AuditPage => ({ realm: 'shop', limit: 2, ...changes }) as AuditPage;
  const after = { at: 100, id: 'm' };

  test('starts after the last entry of the page before, and before `until`', () => {
    expect(startOf(page({ after }))).toEqual(after);
    expect(startOf(page({ after, until: 101 }))).toEqual(after);
    expect(startOf(page({ after, until: 100 }))).toEqual({ at: 100, id: '' });
    expect(startOf(page({ after, until: 99 }))).toEqual({ at: 99, id: '' });
    expect(startOf(page({ until: 99 }))).toEqual({ at: 99, id: '' });
    expect(startOf(page({}))).toEqual({ at: Number.MAX_SAFE_INTEGER, id: '' });
  });

  test('has the youngest entries of all look-ups, and tells whether more follow', () => {
    const row = (id: string, at: number): Row => [id, at, ...Array.from({ length: 12 }, () => null), '{}'];
    const idsOf = (...lookups: Row[][]): readonly [string, boolean] => {
      const { entries, more } = pageOf(lookups, 3);
      return [entries.map(({ id }) => id).join(' '), more];
    };
    expect(idsOf([row('b', 3), row('a', 1)], [row('c', 2)])).toEqual(['b c a', false]);
    expect(idsOf([row('a', 3), row('c', 1)], [row('b', 3), row('d', 1)])).toEqual(['b a d', true]);
    expect(idsOf([row('c', 3), row('b', 3), row('a', 3), row('d', 2)])).toEqual(['c b a', true]);
  });
});
