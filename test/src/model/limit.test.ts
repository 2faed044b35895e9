import { describe, expect, test } from 'vitest';
import { type AdmissionRules, admit, type Newcomer } from '../../../src/model/limit.ts';
import type { SessionRecord } from '../../../src/model/session.ts';
import { fc } from '../support/fast-check.ts';

const NOW = 1_800_000_000_000;
const DEVICE = { label: 'Chrome on Mac OS', browser: 'Chrome', os: 'Mac OS', type: 'desktop', ip: null } as const;

let ids = 0;
const peer = (changes: Partial<SessionRecord> = {}): SessionRecord =>
  ({
    id: `s${ids++}`,
    accountTag: null,
    kind: 'browser',
    createdAt: NOW,
    device: DEVICE,
    deviceTag: null,
    ...changes,
  }) as SessionRecord;

const NONE: AdmissionRules = { limit: null, replace: null };
const upTo = (perUser: number, overflow: 'end-oldest' | 'refuse' = 'end-oldest'): AdmissionRules => ({
  limit: { perUser, overflow },
  replace: null,
});

const ending = (newcomer: Newcomer, living: readonly SessionRecord[], rules: AdmissionRules): unknown => {
  const outcome = admit(newcomer, living, rules);
  return 'refusal' in outcome ? outcome.refusal : outcome.ending.map(({ session, reason }) => [session.id, reason]);
};

describe('without rules', () => {
  test('nobody is ended', () => {
    expect(ending(peer(), [peer(), peer()], NONE)).toEqual([]);
  });
});

describe('what has just expired', () => {
  test('counts no more, and is ended where it would be in the way', () => {
    const expired = [peer(), peer({ kind: 'api' }), peer({ device: { ...DEVICE, browser: 'Firefox' } })];
    const [same, , other] = expired.map(({ id }) => [id, 'idle']);
    const said = (rules: AdmissionRules): unknown => {
      const outcome = admit(peer(), [], rules, expired);
      return 'refusal' in outcome ? outcome.refusal : outcome.ending.map(({ session, reason }) => [session.id, reason]);
    };
    expect(said(NONE)).toEqual([]);
    expect(said(upTo(1, 'refuse'))).toEqual([same, other]);
    expect(said({ limit: null, replace: 'same-browser' })).toEqual([same]);
  });
});

describe('SES-20: a limit', () => {
  test('ends the oldest, as many as are too many', () => {
    const living = [3, 1, 2, 4].map((at) => peer({ createdAt: NOW + at }));
    expect(ending(peer(), living, upTo(5))).toEqual([]);
    expect(ending(peer(), living, upTo(4))).toEqual([[living[1]!.id, 'limit']]);
    expect(ending(peer(), living, upTo(2))).toEqual(
      [living[1]!, living[2]!, living[0]!].map(({ id }) => [id, 'limit']),
    );
  });

  test('of sessions of one millisecond ends the one with the least id, in whatever order they are listed', () => {
    const living = ['b', 'a', 'c'].map((id) => peer({ id }));
    expect(ending(peer(), living, upTo(3))).toEqual([['a', 'limit']]);
    expect(ending(peer(), living.toReversed(), upTo(3))).toEqual([['a', 'limit']]);
  });

  test('refuses the one too many, and ends nobody for it', () => {
    expect(ending(peer(), [peer(), peer()], upTo(3, 'refuse'))).toEqual([]);
    expect(ending(peer(), [peer(), peer(), peer()], upTo(3, 'refuse'))).toBe('limit');
    expect(
      ending(
        peer(),
        Array.from({ length: 7 }, () => peer()),
        upTo(3, 'refuse'),
      ),
    ).toBe('limit');
  });

  test('counts only the same account and kind, and not the newcomer', () => {
    const newcomer = peer({ accountTag: 'acme' });
    const living = [newcomer, peer(), peer({ accountTag: 'beta' }), peer({ accountTag: 'acme', kind: 'api' })];
    expect(ending(newcomer, living, upTo(1, 'refuse'))).toEqual([]);
    expect(ending(newcomer, [...living, peer({ accountTag: 'acme' })], upTo(1, 'refuse'))).toBe('limit');
  });

  test('does not count whom the newcomer replaces', () => {
    const rules: AdmissionRules = { ...upTo(1, 'refuse'), replace: 'same-browser' };
    const old = peer();
    expect(ending(peer(), [old], rules)).toEqual([[old.id, 'replaced']]);
  });

  test('holds whatever there is', () => {
    const many = fc.array(fc.record({ createdAt: fc.nat(5), browser: fc.constantFrom('Chrome', 'Firefox', null) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(many, fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, perUser, replaces) => {
        const living = rows.map(({ createdAt, browser }) => peer({ createdAt, device: { ...DEVICE, browser } }));
        const before = [...living];
        const rules: AdmissionRules = { ...upTo(perUser), replace: replaces ? 'same-browser' : null };
        const ended = ending(peer(), living, rules) as [string, string][];
        expect(living).toEqual(before);
        expect(new Set(ended.map(([id]) => id)).size).toBe(ended.length);
        expect(living.length - ended.length + 1).toBeLessThanOrEqual(Math.max(perUser, 1));
        const limited = new Set(ended.filter(([, reason]) => reason === 'limit').map(([id]) => id));
        const gone = new Set(ended.map(([id]) => id));
        const oldestLeft = Math.min(...living.filter(({ id }) => !gone.has(id)).map(({ createdAt }) => createdAt));
        for (const { id, createdAt } of living) if (limited.has(id)) expect(createdAt).toBeLessThanOrEqual(oldestLeft);
      }),
    );
  });
});

describe('replacement', () => {
  const same = (replace: AdmissionRules['replace']): AdmissionRules => ({ limit: null, replace });
  const device = (changes: Partial<SessionRecord['device']>) => ({ device: { ...DEVICE, ...changes } });

  test('E9: is of the same browser on the same system, and never of an unknown one', () => {
    const old = peer(device({ ip: '192.0.2.1', label: 'old' }));
    const others = [
      peer(device({ browser: 'Firefox' })),
      peer(device({ os: 'Windows' })),
      peer(device({ browser: null })),
      peer(device({ os: null })),
    ];
    expect(ending(peer(), [old, ...others], same('same-browser'))).toEqual([[old.id, 'replaced']]);
    expect(ending(peer(device({ browser: null })), [peer(device({ browser: null }))], same('same-browser'))).toEqual(
      [],
    );
    expect(ending(peer(device({ os: null })), [peer(device({ os: null }))], same('same-browser'))).toEqual([]);
  });

  test('is of the same device cookie, and never of none', () => {
    const old = peer({ deviceTag: 'd1' });
    expect(ending(peer({ deviceTag: 'd1' }), [old, peer({ deviceTag: 'd2' }), peer()], same('same-device'))).toEqual([
      [old.id, 'replaced'],
    ]);
    expect(ending(peer(), [peer(), old], same('same-device'))).toEqual([]);
  });

  test('stays within account and kind', () => {
    const living = [peer({ accountTag: 'acme' }), peer({ kind: 'remembered' })];
    expect(ending(peer(), living, same('same-browser'))).toEqual([]);
  });

  test('hands out the sessions that make room as they were listed', () => {
    const [old] = [peer()];
    const outcome = admit(peer(), [old], same('same-browser'));
    expect(outcome).toEqual({ ending: [{ session: old, reason: 'replaced' }] });
  });
});
