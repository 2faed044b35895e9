import { describe, expect, test } from 'vitest';
import { keepLine } from '../../adapters/engines/redis/epoch-value.ts';
import { Keys } from '../../adapters/engines/redis/keys.ts';
import { Places } from '../../adapters/engines/redis/place.ts';
import { sessionValue } from '../../adapters/engines/redis/session-value.ts';
import { refOf } from '../../src/core.ts';
import { formatEpoch, newEpoch } from '../../src/epoch.ts';
import type { SessionRecord } from '../../src/session.ts';
import { DAY, NOW } from '../../src/testing/bench.ts';
import { endedAt, person, sessionOf } from '../../src/testing/ports.ts';

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
  });

  test('are remembered where something was found, and only there', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    const place = places.of(ref);
    expect(places.found(place, ref, null, record(), record(), realm)).toBe(null);
    expect(places.of(ref)).not.toBe(place);
    const found = places.found(place, ref, textOf(session), record(), record(), realm);
    expect(found?.session).toEqual(session);
    expect(places.of(ref)).toBe(place);
  });

  test('are of one user each, whatever id somebody else asks for', () => {
    const places = new Places(new Keys('sr:'));
    const session = sessionOf(annAtAcme);
    const ref = refOf(session);
    places.found(places.of(ref), ref, textOf(session), record(), record(), realm);
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
    const [user, account] = [record(), record()];
    const look = (value: string, userText: string | null, at = ref) =>
      places.found(places.of(at), at, value, userText, account, realm);
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
    const [value, user, account] = [textOf(session), record(), record()];
    expect(places.found(places.of(elsewhere), elsewhere, value, user, account, realm)).toBe(null);
    expect(places.found(places.of(ref), ref, value, user, account, realm)?.session).toEqual(session);
    expect(places.found(places.of(elsewhere), elsewhere, value, user, account, realm)).toBe(null);
    const { account: _, ...open } = ref;
    expect(places.found(places.of(open), open, value, user, account, realm)?.session).toEqual(session);
  });
});
