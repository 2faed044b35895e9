import { expect, test } from 'vitest';
import { Notices } from '../../../src/freshness/notices.ts';

test('a tag is quiet until it is noticed, and for reads that were sent afterwards', () => {
  const notices = new Notices();
  const before = notices.count;
  expect(notices.areQuiet(['ann'], before)).toBe(true);
  notices.note(['ann']);
  expect(notices.areQuiet(['ann'], before)).toBe(false);
  expect(notices.areQuiet(['bob', 'ann'], before)).toBe(false);
  expect(notices.areQuiet(['bob'], before)).toBe(true);
  expect(notices.areQuiet(['ann'], notices.count)).toBe(true);
  notices.note(['bob']);
  expect(notices.areQuiet(['ann'], before + 1)).toBe(true);
});

test('a notice of every tag leaves no read that was sent before', () => {
  const notices = new Notices();
  const before = notices.count;
  notices.noteAll();
  expect(notices.areQuiet(['ann'], before)).toBe(false);
  expect(notices.areQuiet([], before)).toBe(false);
  expect(notices.areQuiet(['ann'], notices.count)).toBe(true);
});

test('the number of noticed tags is bounded, and no notice is lost: reads from before the forgotten ones are out of date', () => {
  const notices = new Notices();
  const first = notices.count;
  notices.note(['ann']);
  const second = notices.count;
  for (let nth = 0; nth < 49_999; nth++) notices.note([`user ${nth}`]);
  // `Notices` keeps two generations of tags. The first one is now full.
  expect(notices.areQuiet(['ann'], first)).toBe(false);
  expect(notices.areQuiet(['quiet'], first)).toBe(true);
  expect(notices.areQuiet(['ann'], second)).toBe(true);
  const third = notices.count;
  for (let nth = 0; nth < 50_000; nth++) notices.note([`other ${nth}`]);
  // The first generation is dropped, so reads from that time count as outdated for every tag.
  expect(notices.areQuiet(['quiet'], first)).toBe(false);
  expect(notices.areQuiet(['quiet'], second)).toBe(false);
  expect(notices.areQuiet(['quiet'], third)).toBe(true);
  expect(notices.areQuiet(['other 0'], third)).toBe(false);
});
