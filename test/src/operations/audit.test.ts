import { describe, expect, test } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import type { AuditRequest } from '../../../src/operations/audit.ts';
import type { AuditEntry } from '../../../src/store/powers.ts';
import type { SessionStore } from '../../../src/store/store.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { HOUR, NOW, Realm } from '../support/realm.ts';

async function pages(realm: Realm, request: AuditRequest = {}): Promise<AuditEntry[][]> {
  const all: AuditEntry[][] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Realm['sessions']['audit']>> = await realm.sessions.audit({ ...request, cursor });
    all.push([...page.entries]);
    ({ cursor } = page);
  } while (cursor !== null && all.length < 100);
  return all;
}

/** Opens a realm with a history of some hours: two users, two accounts and an administrator. */
async function lived(options: { realm?: string } = {}, store = new ReferenceStore()): Promise<Realm> {
  const realm = new Realm({ audit: true, ...options }, store);
  for (const [user, account] of [
    ['ann', 'acme'],
    ['bob', 'acme'],
    ['ann', 'beta'],
    ['ann', undefined],
  ] as const) {
    await realm.signIn(user, { account });
    realm.now += HOUR;
  }
  await realm.sessions.revoke({ user: 'ann' }, { by: 'admin' });
  await realm.sessions.revoke({ account: 'acme' }, { by: 'admin' });
  await realm.sessions.revoke({ user: 'bob', account: 'acme' }, { by: 'bob' });
  return realm;
}

const summary = ({ type, user, account, by }: AuditEntry): string =>
  [type.replace('session', ''), user, account, by].map((part) => part ?? '-').join(' ');
const STARTS = ['.started ann - ann', '.started ann beta ann', '.started bob acme bob', '.started ann acme ann'];
const REVOKED = ['s.revoked ann - admin', 's.revoked - acme admin', 's.revoked bob acme bob'];

describe('a page of the log', () => {
  test.each<[AuditRequest, string[]]>([
    [{}, [...REVOKED, ...STARTS]],
    [{ user: 'ann' }, [REVOKED[0]!, STARTS[0]!, STARTS[1]!, STARTS[3]!]],
    [{ account: 'acme' }, [REVOKED[1]!, REVOKED[2]!, STARTS[2]!, STARTS[3]!]],
    [{ user: 'ann', account: 'acme' }, [STARTS[3]!]],
    [{ by: 'admin' }, [REVOKED[0]!, REVOKED[1]!]],
    [{ by: 'bob', types: ['sessions.revoked'] }, [REVOKED[2]!]],
    [{ types: ['session.started', 'session.ended'] }, STARTS],
    [{ types: ['session.ended'] }, []],
    [{ since: NOW + 2 * HOUR }, [...REVOKED, STARTS[0]!, STARTS[1]!]],
    [{ until: NOW + 2 * HOUR }, [STARTS[2]!, STARTS[3]!]],
    [{ since: NOW + HOUR, until: NOW + 2 * HOUR }, [STARTS[2]!]],
    [{ user: 'nobody' }, []],
  ])('of %o has these, and all that is named must hold', async (request, expected) => {
    const realm = await lived();
    const { entries, cursor } = await realm.sessions.audit(request);
    expect(entries.map(summary).sort()).toEqual([...expected].sort());
    expect(cursor).toBeNull();
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort((a, b) => b - a));
  });

  test.each([1, 2, 3, 6, 7, 1000])('is of %i entries, and none is missed or told twice', async (limit) => {
    const realm = await lived();
    const all = await pages(realm, { limit });
    expect(
      all
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(realm.store.log.entries.map(({ id }) => id).sort());
    expect(all.every((page) => page.length <= limit)).toBe(true);
    expect(all).toHaveLength(Math.ceil(7 / limit));
  });

  test('goes on behind its cursor whatever is logged meanwhile', async () => {
    const realm = await lived();
    const first = await realm.sessions.audit({ limit: 3 });
    realm.now += HOUR;
    await realm.sessions.revoke({ user: 'ann' });
    const rest = await realm.sessions.audit({ cursor: first.cursor });
    const names = [...first.entries, ...rest.entries].map(summary);
    expect(names.sort()).toEqual([...REVOKED, ...STARTS].sort());
  });

  test('is of 100 entries where nobody says', async () => {
    const realm = new Realm({ audit: true });
    for (let at = 0; at < 101; at++) await realm.sessions.revoke({ user: 'ann' });
    expect((await realm.sessions.audit()).entries).toHaveLength(100);
    expect((await pages(realm)).map((page) => page.length)).toEqual([100, 1]);
  });

  test('is of one realm, though the store is shared', async () => {
    const store = new ReferenceStore();
    const [a, b] = [await lived({ realm: 'a' }, store), await lived({ realm: 'b' }, store)];
    for (const [realm, name] of [
      [a, 'a'],
      [b, 'b'],
    ] as const) {
      const { entries } = await realm.sessions.audit({ user: 'ann' });
      expect(entries).toHaveLength(4);
      expect(new Set(entries.map((entry) => entry.realm))).toEqual(new Set([name]));
    }
  });

  test('can be read also where this process logs nothing', async () => {
    const { store } = await lived();
    expect((await new Realm({}, store).sessions.audit()).entries).toHaveLength(7);
  });
});

describe('misuse is said before the store is asked', () => {
  test.each<[AuditRequest | Record<string, unknown>, string | RegExp]>([
    [
      { users: 'ann' },
      'the argument has an unknown option "users"; did you mean user? Known are user, account, by, types, since, until, cursor, limit',
    ],
    [{ user: '' }, 'user must not be empty'],
    [{ user: null }, 'user must be a string, not null'],
    [{ account: 7 }, 'account must be a string, not number'],
    [{ by: 'x'.repeat(257) }, 'by has 257 characters; at most 256 are allowed'],
    [{ types: [] }, "types must be an array of 1 to 32 names such as ['sessions.revoked']"],
    [{ types: 'sessions.revoked' }, /^sessions\.audit\(\): types must be an array of 1 to 32/],
    [{ types: null }, /^sessions\.audit\(\): types must be an array of 1 to 32/],
    [{ types: Array(33).fill('a') }, /^sessions\.audit\(\): types must be an array of 1 to 32/],
    [{ types: ['a', ''] }, 'types[1] must not be empty'],
    [{ types: [7] }, 'types[0] must be a string, not number'],
    ...[-1, 1.5, Number.NaN, '0', null, new Date()].flatMap((time): [Record<string, unknown>, RegExp][] => [
      [{ since: time }, /^sessions\.audit\(\): since is .*; it must be a time in Unix ms, such as date\.getTime\(\)$/],
      [{ until: time }, /^sessions\.audit\(\): until is .*; it must be a time in Unix ms, such as date\.getTime\(\)$/],
    ]),
    ...['', 'x', 'x.y', `1.${'x'.repeat(21)}`, `-1.${'x'.repeat(22)}`, 1, {}].map(
      (cursor): [Record<string, unknown>, string] => [{ cursor }, 'cursor must be what the last page gave'],
    ),
    ...[0, -1, 1.5, 1001, '5', null].map((limit): [Record<string, unknown>, RegExp] => [
      { limit },
      /: limit is .*; allowed are whole numbers from 1 to 1000$/,
    ]),
  ])('%o', async (request, message) => {
    const realm = new Realm({ audit: true });
    await expect(realm.sessions.audit(request as AuditRequest)).rejects.toThrow(TypeError);
    await expect(realm.sessions.audit(request as AuditRequest)).rejects.toThrow(message);
    expect(realm.calls).toEqual([]);
  });
});

test('a store without the power is an error with a code, not an empty log', async () => {
  const store: SessionStore = Object.assign(new ReferenceStore(), { powers: undefined as never });
  await expect(createSessions({ store }).audit()).rejects.toMatchObject({
    ...{ code: 'SESSION_STORE_LACKS_POWER', status: 501 },
  });
});

test('OPS-1: a log that cannot be read is an outage, not an empty log', async () => {
  const realm = await lived();
  realm.around = (call, ask) => (call === 'audit.read' ? Promise.reject(new Error('down')) : ask());
  await expect(realm.sessions.audit()).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
});
