import { afterEach, describe, expect, test, vi } from 'vitest';
import type { SessionsOptions } from '../../../src/index.ts';
import { realmTag, type Tag } from '../../../src/model/token.ts';
import type { Changes } from '../../../src/store/powers.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { DAY, MINUTE, NOW, Realm, SECOND, settle } from '../support/realm.ts';

const FRESH = { freshness: { maxStaleness: '900ms' } } as const;
/** In ms. A process asks the change log at most once per interval. */
const INTERVAL = 300;

afterEach(() => vi.restoreAllMocks());

/** A store with the power `changes`. `told` contains the changes. */
class TellingStore extends ReferenceStore {
  readonly told: Tag[] = [];
  /** `true` if the log has lost its older positions. */
  lost = false;
  override readonly powers: ReferenceStore['powers'] & { readonly changes: object };

  constructor(isSynchronous?: true) {
    super();
    this.powers = {
      audit: this.log,
      policies: this.policies,
      changes: { isSynchronous, since: this.since.bind(this) },
    };
  }

  since(position: string | null): Changes {
    const tags = position === null || this.lost ? null : this.told.slice(Number(position));
    return { tags, position: `${this.told.length}` };
  }

  override advance(...[tag, advance]: Parameters<ReferenceStore['advance']>): ReturnType<ReferenceStore['advance']> {
    this.told.push(tag);
    return super.advance(tag, advance);
  }

  override end(...[ref, ...rest]: Parameters<ReferenceStore['end']>): boolean {
    this.told.push(ref.user);
    return super.end(ref, ...rest);
  }
}

type Options = Omit<SessionsOptions<never>, 'store' | 'clock'>;

/** Opens a process that remembers sessions, and a second process on the same store. Their clocks agree. */
async function processes(store: TellingStore = new TellingStore(), options: Options = FRESH) {
  const steady = { ms: 1_000 };
  vi.spyOn(performance, 'now').mockImplementation(() => steady.ms);
  const realm = new Realm(options, store);
  const other = new Realm({}, store);
  await realm.sessions.setup();
  const pass = (ms: number): void => {
    steady.ms += ms;
    realm.now += ms;
    other.now += ms;
  };
  return { realm, other, pass, steady, store };
}

/** Signs in, and checks the token until the process remembers the session. */
async function remembered(realm: Realm, pass: (ms: number) => void, user = 'ann') {
  const { token, session } = await realm.signIn(user, {});
  await realm.word(token);
  await settle();
  // The first answer of the change log has emptied memory, so a second check is needed.
  await realm.word(token);
  await settle();
  pass(INTERVAL);
  realm.calls.length = 0;
  return { token, session };
}

describe('a log that is asked in the background', () => {
  test('keeps sessions in memory with one small question in each third of maxStaleness', async () => {
    const { realm, pass } = await processes();
    const tokens: string[] = [];
    for (let at = 0; at < 20; at++) tokens.push((await remembered(realm, () => {}, `user ${at}`)).token);
    pass(INTERVAL);
    for (let times = 0; times < 30; times++) {
      for (const token of tokens) expect(await realm.word(token)).toBe('live');
      await settle();
      pass(INTERVAL / 3);
    }
    expect(realm.calls).toEqual(Array(10).fill('changes.since'));
  });

  test.each([
    ['its user', (other: Realm) => other.sessions.revoke({ user: 'ann' })],
    ['the realm', (other: Realm) => other.sessions.revoke({ realm: true })],
    ['the session', (other: Realm, id: string) => other.sessions.end(id, { user: 'ann' })],
  ] as const)('accepts for no longer than maxStaleness after another process ended %s', async (_, end) => {
    const { realm, other, pass } = await processes();
    const { token, session } = await remembered(realm, pass);
    await realm.word(token);
    await settle();
    const { effectiveWithin } = await end(other, session.id);
    expect(effectiveWithin).toBe(900);
    expect(await realm.word(token)).toBe('live');
    pass(INTERVAL);
    // This check sends the request for changes, but does not wait for the answer.
    await realm.word(token);
    await settle();
    expect(await realm.word(token)).not.toBe('live');
  });

  test('reads a session again when the answer names its user, and keeps the others', async () => {
    const { realm, other, pass } = await processes();
    const [ann, bob] = [await remembered(realm, () => {}), await remembered(realm, pass, 'bob')];
    await realm.word(ann.token);
    await settle();
    await other.sessions.revoke({ user: 'ann' });
    pass(INTERVAL);
    await realm.word(bob.token);
    await settle();
    realm.calls.length = 0;
    expect([await realm.word(bob.token), await realm.word(ann.token)]).toEqual(['live', 'revoked']);
    expect(realm.calls).toEqual(['find']);
  });

  test('counts an answer from the moment at which the question was sent', async () => {
    const { realm, other, pass } = await processes();
    const { token } = await remembered(realm, pass);
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      const told = await ask();
      if (call === 'changes.since') await new Promise<void>((resolve) => (answer = resolve));
      return told;
    };
    await realm.word(token);
    await settle();
    await other.sessions.revoke({ user: 'ann' });
    pass(850);
    answer();
    await settle();
    pass(51);
    expect(await realm.word(token)).toBe('revoked');
  });

  test('never asks two questions at once', async () => {
    const { realm, pass } = await processes();
    const { token } = await remembered(realm, pass);
    realm.around = (call, ask) => (call === 'changes.since' ? new Promise(() => {}) : ask());
    for (let times = 0; times < 5; times++) {
      await realm.word(token);
      pass(INTERVAL);
    }
    expect(realm.calls.filter((call) => call === 'changes.since')).toHaveLength(1);
  });

  test('that fails leaves memory to its age, and is asked again', async () => {
    const { realm, other, pass } = await processes();
    const { token } = await remembered(realm, pass);
    realm.around = (call, ask) => {
      if (call === 'changes.since') throw new Error('no connection');
      return ask();
    };
    await other.sessions.revoke({ user: 'ann' });
    pass(901);
    expect(await realm.word(token)).toBe('revoked');
    realm.around = (_, ask) => ask();
    const bob = await remembered(realm, pass, 'bob');
    pass(901);
    await realm.word(bob.token);
    await settle();
    realm.calls.length = 0;
    expect([await realm.word(bob.token), realm.calls]).toEqual(['live', []]);
  });

  test('that has lost the position empties memory, also of a read that is under way', async () => {
    const { realm, pass, store } = await processes();
    const { token } = await remembered(realm, pass);
    const bob = await realm.signIn('bob');
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      const found = await ask();
      if (call === 'find') await new Promise<void>((resolve) => (answer = resolve));
      return found;
    };
    const check = realm.word(bob.token);
    await settle();
    store.lost = true;
    pass(INTERVAL);
    await realm.word(token);
    await settle();
    answer();
    expect(await check).toBe('live');
    realm.around = (_, ask) => ask();
    realm.calls.length = 0;
    expect([await realm.word(token), await realm.word(bob.token)]).toEqual(['live', 'live']);
    expect(realm.calls.filter((call) => call === 'find')).toHaveLength(2);
  });

  test('reads a session again after 5 minutes, although nothing has changed', async () => {
    const { realm, pass } = await processes();
    const { token } = await remembered(realm, pass);
    for (let passed = INTERVAL; passed <= 5 * MINUTE; passed += INTERVAL) {
      expect(await realm.word(token)).toBe('live');
      await settle();
      pass(INTERVAL);
    }
    realm.calls.length = 0;
    await realm.word(token);
    expect(realm.calls).toContain('find');
  }, 60_000);

  test('does not make a session live longer than its lifetimes', async () => {
    const { realm, pass } = await processes();
    const { token } = await remembered(realm, pass);
    realm.now = NOW + 400 * DAY;
    expect(await realm.word(token)).toBe('expired');
  });
});

describe('a log that answers synchronously', () => {
  test('is asked at every check, needs no option, and states no bound', async () => {
    const { realm, other, pass } = await processes(new TellingStore(true), {});
    const { token } = await remembered(realm, pass);
    for (let times = 0; times < 3; times++) {
      pass(SECOND);
      expect(await realm.word(token)).toBe('live');
    }
    expect(realm.calls).toEqual(Array(3).fill('changes.since'));
    expect((await other.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(0);
    expect(await realm.word(token)).toBe('revoked');
    expect(realm.store.peek(realmTag('default'))?.notes?.maxStaleness).toBeUndefined();
  });

  test('is asked before the read that it labels', async () => {
    const { realm, other, pass } = await processes(new TellingStore(true), {});
    const { token } = await realm.signIn();
    pass(1);
    let revoked = false;
    realm.around = (call, ask) => {
      const answer = ask();
      if (call !== 'find' || revoked) return answer;
      revoked = true;
      return Promise.resolve(answer).then(async (found) => {
        await other.sessions.revoke({ user: 'ann' });
        return found;
      });
    };
    expect(await realm.word(token)).toBe('live');
    expect(await realm.word(token)).toBe('revoked');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('busy');
      },
    ],
    ['answers with a promise', () => Promise.resolve({ tags: [], position: '0' })],
    ['answers with a rejection', () => Promise.reject(new Error('busy'))],
    ['answers with nonsense', () => ({ tags: 'none', position: 1 })],
  ])('and %s makes the check read the store', async (_, answer) => {
    const { realm, other, pass } = await processes(new TellingStore(true), {});
    const { token } = await remembered(realm, pass);
    await other.sessions.revoke({ user: 'ann' });
    realm.around = (call, ask) => (call === 'changes.since' ? answer() : ask());
    expect(await realm.word(token)).toBe('revoked');
    expect(realm.calls).toEqual(['changes.since', 'find']);
  });

  test('is asked in the background where the app allows some staleness', async () => {
    const { realm, other, pass } = await processes(new TellingStore(true));
    const { token } = await remembered(realm, pass);
    for (let times = 0; times < 30; times++) {
      expect(await realm.word(token)).toBe('live');
      await settle();
      pass(INTERVAL / 3);
    }
    expect(realm.calls).toEqual(Array(10).fill('changes.since'));
    await realm.word(token);
    await settle();
    expect((await other.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(900);
    expect(await realm.word(token)).toBe('live');
    pass(INTERVAL);
    await realm.word(token);
    await settle();
    expect(await realm.word(token)).toBe('revoked');
  });

  test('reads a session again after 5 minutes', async () => {
    const { realm, pass } = await processes(new TellingStore(true), {});
    const { token } = await remembered(realm, pass);
    pass(5 * MINUTE);
    await realm.word(token);
    expect(realm.calls).toEqual(['changes.since', 'find']);
  });
});
