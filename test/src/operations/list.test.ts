import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import type { Sessions } from '../../../src/sessions.ts';
import type { SessionStore } from '../../../src/store/store.ts';
import { ReferenceStore } from '../../model/reference-store.ts';

const NOW = 1_800_000_000_000;
let time = NOW;
let store: SessionStore;
let sessions: Sessions;

beforeEach(() => {
  time = NOW;
  store = new ReferenceStore();
  sessions = createSessions({ store, clock: { now: () => time } });
});

async function signIn(many: number, account?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < many; at++) {
    const started = await sessions.start({
      user: 'ann',
      account,
      fence: await sessions.fence({ user: 'ann', account }),
    });
    if (!started.ok) throw new Error(started.reason);
    ids.unshift(started.session.id);
    if (at % 3 === 0) time += 1;
  }
  return ids;
}

async function pages(limit: number, ended = false, most = 100): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | null = null;
  do {
    const page = await sessions.list({ user: 'ann' }, { limit, cursor, ended });
    all.push(page.sessions.map(({ id }) => id));
    ({ cursor } = page);
  } while (cursor !== null && all.length < most);
  return all;
}

describe('paging', () => {
  test.each([1, 2, 5, 6, 7, 1000])('gives each session once, by pages of %i', async (limit) => {
    const ids = await signIn(6);
    const all = await pages(limit);
    expect(all.flat().sort()).toEqual(ids.sort());
    expect(all.every((page) => page.length <= limit)).toBe(true);
  });

  test('has no cursor on the last page, also where it is full', async () => {
    await signIn(4);
    expect((await sessions.list({ user: 'ann' }, { limit: 4 })).cursor).toBeNull();
    expect((await sessions.list({ user: 'ann' })).cursor).toBeNull();
    expect(await sessions.list({ user: 'nobody' })).toEqual({ sessions: [], cursor: null });
  });

  test('goes on where a session that the cursor names is gone, and leaves out who signed in since', async () => {
    const ids = await signIn(5);
    const first = await sessions.list({ user: 'ann' }, { limit: 2 });
    await sessions.end(first.sessions[1]!.id, { user: 'ann' });
    await signIn(1);
    const rest = await sessions.list({ user: 'ann' }, { cursor: first.cursor });
    expect([...first.sessions, ...rest.sessions].map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  test('fills a page from behind those that are over', async () => {
    const living = await signIn(2);
    await sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
    const old = await signIn(5, 'acme');
    await sessions.revoke({ user: 'ann', account: 'acme' });
    const page = await sessions.list({ user: 'ann' }, { limit: 2 });
    expect(page.sessions.map(({ id }) => id).sort()).toEqual(living.sort());
    expect((await pages(3, true)).flat().sort()).toEqual([...living, ...old].sort());
  });

  test('may be short behind very many that are over, with a cursor to go on', async () => {
    await signIn(1);
    await signIn(30, 'acme');
    await sessions.revoke({ account: 'acme' });
    const page = await sessions.list({ user: 'ann' }, { limit: 1 });
    expect(page.sessions).toEqual([]);
    expect(page.cursor).not.toBeNull();
    expect((await pages(1)).flat()).toHaveLength(1);
  });

  test('takes short and empty pages of a store, and more rows than it asked for', async () => {
    const ids = await signIn(6);
    const list: SessionStore['list'] = store.list.bind(store);
    store.list = (realm, user, page) => list(realm, user, { ...page, limit: page.after ? 5 : 1 });
    sessions = createSessions({ store, clock: { now: () => time } });
    expect((await pages(2)).flat().sort()).toEqual(ids.sort());
  });
});

describe('rows', () => {
  test('tell why they are over, where that is asked for', async () => {
    const [id] = await signIn(1);
    await sessions.end(id!, { user: 'ann', by: 'admin', reason: 'stolen' });
    expect((await sessions.list({ user: 'ann' })).sessions).toEqual([]);
    const [row] = (await sessions.list({ user: 'ann' }, { ended: true })).sessions;
    expect(row).toMatchObject({ id, end: { reason: 'ended', ended: { at: time, by: 'admin', reason: 'stolen' } } });
  });

  test('prove nothing: nothing can be done in the name of one', async () => {
    await signIn(1);
    const [row] = (await sessions.list({ user: 'ann' })).sessions;
    await expect(sessions.renew(row as never)).rejects.toThrow(
      /^sessions\.renew\(session\): session must be the session that/,
    );
  });
});

describe('misuse', () => {
  test.each([
    '',
    'x',
    'x.y',
    `1.${'x'.repeat(21)}`,
    `-1.${'x'.repeat(22)}`,
    `${'z'.repeat(12)}.${'x'.repeat(22)}`,
    `${'z'.repeat(11)}.${'x'.repeat(22)}`,
    1,
    {},
  ])('a cursor of %o is refused before the store is asked', async (cursor) => {
    await expect(sessions.list({ user: 'ann' }, { cursor: cursor as string })).rejects.toThrow(
      new TypeError('sessions.list({ user }): cursor must be what the last page gave'),
    );
  });

  test.each([0, -1, 1.5, 1001, '5', Number.NaN, null])('a limit of %o', async (limit) => {
    await expect(sessions.list({ user: 'ann' }, { limit: limit as number })).rejects.toThrow(
      /^sessions\.list\(\{ user \}\): limit is .*; allowed are whole numbers from 1 to 1000$/,
    );
  });

  test.each([0, 'yes', null])('ended of %o', async (ended) => {
    await expect(sessions.list({ user: 'ann' }, { ended: ended as never })).rejects.toThrow('ended must be a boolean');
  });

  test('an unknown key', async () => {
    await expect(sessions.list({ user: 'ann' }, { page: 2 } as never)).rejects.toThrow(
      'the second argument has an unknown option "page"; known are cursor, limit, ended',
    );
    await expect(sessions.list({ users: 'ann' } as never)).rejects.toThrow(
      'the argument has an unknown option "users"; did you mean user? Known are user, account',
    );
  });
});

describe('revoked sessions', () => {
  test('are passed by after the first page of them, so that the living ones are found behind', async () => {
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    let kept = started.session ?? expect.fail('it starts');
    time += 1;
    for (let times = 0; times < 100; times++) {
      await signIn(1);
      const answer = await sessions.revoke({ user: 'ann' }, { keep: kept });
      kept = (answer.revoked && answer.kept) || expect.fail('it is kept');
    }
    const asked = vi.spyOn(store, 'list');
    const page = await sessions.list({ user: 'ann' }, { limit: 10 });
    expect(page).toMatchObject({ sessions: [{ id: kept.id }], cursor: null });
    expect(asked.mock.calls).toHaveLength(2);
  });
});
