import { describe, expect, test } from 'vitest';
import { Keys } from '../../adapters/engines/redis/keys.ts';
import { keepLine } from '../../adapters/engines/redis/rows/epoch.ts';
import { sessionValue } from '../../adapters/engines/redis/rows/session.ts';
import { SessionLocations } from '../../adapters/engines/redis/verbs/session-location.ts';
import { newEpoch } from '../../src/model/epoch.ts';
import type { SessionRecord } from '../../src/model/session.ts';
import { refOf } from '../../src/model/session.ts';
import { formatEpoch } from '../../src/store/codec.ts';
import { RecordCache } from '../../src/store/record-cache.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import { endedAt, person, sessionOf } from '../../src/testing/harness/records.ts';

describe('the locations of sessions', () => {
  const realm = newEpoch(NOW);
  const record = (version = 1): string => `${version}\n${keepLine(null)}\n${formatEpoch(newEpoch(NOW))}`;
  const annAtAcme = person('ann', 'acme');
  const textOf = (session: SessionRecord): string => sessionValue(session, DAY);

  test('are where the keys say', () => {
    const session = sessionOf(annAtAcme);
    const keys = new Keys('sr:');
    const location = new SessionLocations(keys, new RecordCache()).of(refOf(session));
    expect(location.record).toBe(keys.record(session.userTag));
    expect(location.session).toBe(keys.session(session.userTag, session.id));
    for (const account of ['acme', 'beta', 'acme']) {
      const { tags } = person('ann', account);
      expect(location.memberIn(keys, tags.account ?? '')).toBe(keys.record(tags.member ?? ''));
    }
  });

  test('are remembered where something was found, and only there', () => {
    const locations = new SessionLocations(new Keys('sr:'), new RecordCache());
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const location = locations.of(ref);
    expect(locations.found(location, ref, null, { user: record(), account: record(), member: record() }, realm)).toBe(
      null,
    );
    expect(locations.of(ref)).not.toBe(location);
    const found = locations.found(
      location,
      ref,
      textOf(session),
      { user: record(), account: record(), member: record() },
      realm,
    );
    expect(found?.session).toEqual(session);
    expect(locations.of(ref)).toBe(location);
  });

  test('are of one user each, whatever id somebody else asks for', () => {
    const locations = new SessionLocations(new Keys('sr:'), new RecordCache());
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    locations.found(
      locations.of(ref),
      ref,
      textOf(session),
      { user: record(), account: record(), member: record() },
      realm,
    );
    const { user } = person('bob').tags;
    const stranger = locations.of({ ...ref, user });
    expect(stranger.user).toBe(user);
    expect(stranger.session).toBe(locations.keys.session(user, session.id));
    expect(locations.of(ref).user).toBe(session.userTag);
  });

  test('give the same once more, and what was read now where that is another', () => {
    const locations = new SessionLocations(new Keys('sr:'), new RecordCache());
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const [user, account, member] = [record(), record(), record()];
    const look = (value: string, userText: string | null, at = ref) =>
      locations.found(locations.of(at), at, value, { user: userText, account, member }, realm);
    const first = look(textOf(session), user);
    expect(look(textOf(session), user)).toBe(first);

    const ended = endedAt(NOW);
    expect(look(textOf({ ...session, ended }), user)?.session.ended).toEqual(ended);
    expect(look(textOf(session), null)?.epochs.user).toBe(null);
    const moved = look(textOf(session), record(2));
    expect(moved?.epochs.user).not.toEqual(first?.epochs.user);
  });

  test('give nothing of a session in another account, read before or not', () => {
    const locations = new SessionLocations(new Keys('sr:'), new RecordCache());
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const elsewhere = { ...ref, account: person('ann', 'beta').tags.account };
    const value = textOf(session);
    const texts = { user: record(), account: record(), member: record() };
    expect(locations.found(locations.of(elsewhere), elsewhere, value, texts, realm)).toBe(null);
    expect(locations.found(locations.of(ref), ref, value, texts, realm)?.session).toEqual(session);
    expect(locations.found(locations.of(elsewhere), elsewhere, value, texts, realm)).toBe(null);
    const { account: _, ...open } = ref;
    expect(locations.found(locations.of(open), open, value, texts, realm)?.session).toEqual(session);
  });
});
