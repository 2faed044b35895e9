import { describe, expect, test } from 'vitest';
import { Keys } from '../../adapters/engines/redis/keys.ts';
import { keepLine } from '../../adapters/engines/redis/rows/epoch.ts';
import { sessionValue } from '../../adapters/engines/redis/rows/session.ts';
import { Places } from '../../adapters/engines/redis/verbs/session-location.ts';
import { newEpoch } from '../../src/model/epoch.ts';
import type { SessionRecord } from '../../src/model/session.ts';
import { refOf } from '../../src/model/session.ts';
import { formatEpoch } from '../../src/store/codec.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import { endedAt, person, sessionOf } from '../../src/testing/harness/records.ts';

describe('the places of sessions', () => {
  const realm = newEpoch(NOW);
  const record = (version = 1): string => `${version}\n${keepLine(null)}\n${formatEpoch(newEpoch(NOW))}`;
  const annAtAcme = person('ann', 'acme');
  const textOf = (session: SessionRecord): string => sessionValue(session, DAY);

  test('are where the keys say', () => {
    const session = sessionOf(annAtAcme);
    const keys = new Keys('sr:');
    const place = new Places(keys).of(refOf(session));
    expect(place.record).toBe(keys.record(session.userTag));
    expect(place.session).toBe(keys.session(session.userTag, session.id));
    for (const account of ['acme', 'beta', 'acme']) {
      const { tags } = person('ann', account);
      expect(place.memberIn(keys, tags.account ?? '')).toBe(keys.record(tags.member ?? ''));
    }
  });

  test('are remembered where something was found, and only there', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const place = places.of(ref);
    expect(places.found(place, ref, null, { user: record(), account: record(), member: record() }, realm)).toBe(null);
    expect(places.of(ref)).not.toBe(place);
    const found = places.found(
      place,
      ref,
      textOf(session),
      { user: record(), account: record(), member: record() },
      realm,
    );
    expect(found?.session).toEqual(session);
    expect(places.of(ref)).toBe(place);
  });

  test('are of one user each, whatever id somebody else asks for', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    places.found(places.of(ref), ref, textOf(session), { user: record(), account: record(), member: record() }, realm);
    const { user } = person('bob').tags;
    const stranger = places.of({ ...ref, user });
    expect(stranger.user).toBe(user);
    expect(stranger.session).toBe(places.keys.session(user, session.id));
    expect(places.of(ref).user).toBe(session.userTag);
  });

  test('give the same once more, and what was read now where that is another', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const [user, account, member] = [record(), record(), record()];
    const look = (value: string, userText: string | null, at = ref) =>
      places.found(places.of(at), at, value, { user: userText, account, member }, realm);
    const first = look(textOf(session), user);
    expect(look(textOf(session), user)).toBe(first);

    const ended = endedAt(NOW);
    expect(look(textOf({ ...session, ended }), user)?.session.ended).toEqual(ended);
    expect(look(textOf(session), null)?.epochs.user).toBe(null);
    const moved = look(textOf(session), record(2));
    expect(moved?.epochs.user).not.toEqual(first?.epochs.user);
  });

  test('give nothing of a session in another account, read before or not', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const elsewhere = { ...ref, account: person('ann', 'beta').tags.account };
    const value = textOf(session);
    const texts = { user: record(), account: record(), member: record() };
    expect(places.found(places.of(elsewhere), elsewhere, value, texts, realm)).toBe(null);
    expect(places.found(places.of(ref), ref, value, texts, realm)?.session).toEqual(session);
    expect(places.found(places.of(elsewhere), elsewhere, value, texts, realm)).toBe(null);
    const { account: _, ...open } = ref;
    expect(places.found(places.of(open), open, value, texts, realm)?.session).toEqual(session);
  });
});
