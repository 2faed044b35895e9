import { describe, expect, test } from 'vitest';
import { Notices } from '../../../src/freshness/notices.ts';
import { MAX_STALENESS } from '../../../src/freshness/options.ts';
import { PackedSessions } from '../../../src/freshness/packed-sessions.ts';
import { PlainValues, Recollection } from '../../../src/freshness/recollection.ts';
import type { SessionRecord } from '../../../src/model/session.ts';
import { memberTag } from '../../../src/model/token.ts';
import { CLIENTS, person, sessionOf } from '../../../src/testing/harness/records.ts';
import { TEXTS } from '../../../src/testing/harness/texts.ts';

const NOW = 1_000_000;

function recollection(max: number) {
  const notices = new Notices();
  const answers = new Recollection<string>(notices, new PlainValues());
  answers.allow(max);
  const reading = () => ({ steady: performance.now(), wall: NOW, notices: notices.count });
  return {
    notices,
    answers,
    remember: (key: string, tags: readonly string[] = []) =>
      answers.remember(key, `of ${key}`, reading(), tags, MAX_STALENESS),
    recall: (key: string) => answers.recall(key, MAX_STALENESS, { steady: performance.now(), wall: NOW }, null),
  };
}

test('keeps as many answers as are allowed, and drops those that were not recalled', () => {
  const { answers, remember, recall } = recollection(100);
  for (let nth = 0; nth < 100; nth++) remember(`${nth}`);
  for (let nth = 0; nth < 100; nth++) expect(recall(`${nth}`)).toBe(`of ${nth}`);
  for (let nth = 0; nth < 50; nth++) recall(`${nth}`);
  // If memory is full, it admits one in eight new answers. So eight tries suffice.
  for (let tries = 0; tries < 8; tries++) remember('new');
  expect(recall('new')).toBe('of new');
  expect(answers.size).toBe(100);
  // The eviction went through all slots once, and marked the answers as not recalled. Now they are recalled again.
  for (let nth = 50; nth < 100; nth++) recall(`${nth}`);
  for (let nth = 0; nth < 320; nth++) remember(`newer ${nth}`);
  for (let nth = 50; nth < 100; nth++) expect(recall(`${nth}`)).toBe(`of ${nth}`);
  expect(answers.size).toBe(100);
});

test('when twice as many take turns as are allowed, about half of the answers are recalled', () => {
  const { remember, recall } = recollection(100);
  let recalled = 0;
  for (let turn = 0; turn < 20; turn++) {
    for (let nth = 0; nth < 200; nth++) {
      if (recall(`${nth}`) === undefined) remember(`${nth}`);
      else recalled++;
    }
  }
  expect(recalled / 4_000).toBeGreaterThan(0.35);
});

test('a slot that was freed gets another answer, and tells nothing of the former one', () => {
  const { answers, notices, remember, recall } = recollection(2);
  remember('one', ['tag one']);
  answers.forget('one');
  expect(recall('one')).toBe(undefined);
  remember('other', ['tag other']);
  notices.note(['tag one']);
  expect(recall('other')).toBe('of other');
  notices.note(['tag other']);
  expect(recall('other')).toBe(undefined);
  expect(answers.size).toBe(0);
});

test('an answer that was quiet once is still dropped by a later notice of its tags', () => {
  const { notices, remember, recall } = recollection(2);
  remember('one', ['tag']);
  notices.note(['another']);
  expect(recall('one')).toBe('of one');
  notices.note(['another']);
  expect(recall('one')).toBe('of one');
  notices.note(['tag']);
  expect(recall('one')).toBe(undefined);
});

describe('a session', () => {
  const [ann, member] = [person('ann'), person('ann', 'acme')];
  const plain = { attributes: {} };

  test.each<readonly [string, SessionRecord]>([
    ['as most are', sessionOf(ann, plain)],
    ['without an address', sessionOf(ann, { ...plain, device: { ...sessionOf(ann).device, ip: null } })],
    ['in an account', sessionOf(member, plain)],
    ['with attributes and a device cookie', sessionOf(ann, { deviceTag: 'device' })],
    ['of a provider', sessionOf(ann, { federated: { issuer: 'https://id.example.org', sid: 's', sub: 'u' } })],
    ...CLIENTS.map((client, nth) => [`of client ${nth}`, sessionOf(ann, { client })] as const),
    ['that never ends', sessionOf(ann, { expiresAt: null, idle: null })],
    ...TEXTS.map((text) => [`of the user ${JSON.stringify(text)}`, sessionOf(ann, { user: text })] as const),
  ])('%s is unpacked as it was, with the tags that judge it', (_, record) => {
    const sessions = new PackedSessions();
    const { userTag, accountTag } = record;
    const tags =
      accountTag === null ? ['realm', userTag] : ['realm', userTag, accountTag, memberTag(userTag, accountTag)];
    sessions.put(7, record, tags);
    sessions.put(8, sessionOf(member), ['realm', 'other']);
    expect(sessions.get(7, record.id)).toEqual(record);
    expect(sessions.tagsOf(7)).toEqual(tags);
  });

  test('shares no part that can be changed', () => {
    const sessions = new PackedSessions();
    sessions.put(0, sessionOf(ann), ['realm', ann.tags.user]);
    const { attributes, device, amr } = sessions.get(0, 'id');
    for (const part of [attributes, attributes.tabs, amr]) expect(part).toSatisfy(Object.isFrozen);
    // A device with an address is made anew each time.
    expect(sessions.get(0, 'id').device).not.toBe(device);
  });
});
