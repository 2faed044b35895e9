import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { eventually } from './support/eventually.ts';
import { DAY, endedDevices, HOUR, MINUTE, NOW, sample } from './support/samples.ts';
import { problem } from './support/stub-server.ts';

describeInChromium('the list', () => {
  const cards = useCardPages();

  test('shows a row per session, youngest first, as the server sends them', async () => {
    const { card, row } = await ready();
    expect(await card.locator('[part=label]').allTextContents()).toEqual([
      'Chrome on Mac OS',
      'Safari on iOS',
      'Firefox on Windows',
      'deploy script',
    ]);
    expect(await row('Chrome').textContent()).toMatch(
      /Current session\s*Active now\s*Signed in 2 hours ago\s*198\.51\.100\.24/,
    );
    expect(await row('Safari').textContent()).toMatch(/Last active just now\s*Signed in yesterday\s*203\.0\.113\.7/);
    expect(await row('Firefox').textContent()).toMatch(
      /Last active 3 hours ago\s*Signed in 5 days ago\s*2001:db8::8a2e:370:7334/,
    );
    expect(await row('deploy').textContent()).toMatch(
      /API\s*Last active 5 days ago\s*Signed in 1 month ago\s*192\.0\.2\.44/,
    );
  });

  test('names the device in each button, and has none for this session', async () => {
    const { row, card } = await ready();
    expect(await row('Chrome').getByRole('button').count()).toBe(0);
    expect(await row('Firefox').getByRole('button', { name: 'Log out Firefox on Windows', exact: true }).count()).toBe(
      1,
    );
    expect(await card.getByRole('region', { name: 'Your devices' }).count()).toBe(1);
  });

  test('names an app that a session was handed to by its own name, in the row, the button and the question', async () => {
    const client = { id: 'mobile', name: 'Orders <b>app</b>' };
    cards.stub.sessions = [sample('Safari on iOS', { client })];
    const { card, row } = await ready();
    expect(await card.locator('[part=label]').allTextContents()).toEqual([client.name]);
    await row('Orders')
      .getByRole('button', { name: `Log out ${client.name}`, exact: true })
      .click();
    expect(await card.getByRole('dialog').textContent()).toContain(client.name);
  });

  test('has the absolute time in the title and for machines', async () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5);
    cards.stub.sessions = [sample('Firefox on Windows', { createdAt: at, lastUsedAt: at })];
    const { row } = await ready();
    const time = row('Firefox').locator('time').first();
    expect(await time.getAttribute('datetime')).toBe('2026-01-02T03:04:05.000Z');
    // The title shows the time in the device's time zone.
    expect(await time.getAttribute('title')).toMatch(
      /^Last active January 2, 2026 at 4:04\sAM\nSigned in January 2, 2026/,
    );
  });

  test('draws an unknown device as no device that it may not be', async () => {
    const types = ['desktop', 'mobile', 'tablet', 'client', 'unknown', 'embedded', 'console'];
    cards.stub.sessions = types.map((type) => sample(`Device ${type}`, { type }));
    const { card } = await ready();
    const drawn = await card.locator('.icon path').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')));
    expect(drawn).toHaveLength(7);
    // There are five drawings. The last three devices share one.
    expect(new Set(drawn).size).toBe(5);
    expect(new Set(drawn.slice(4)).size).toBe(1);
  });

  test('tells the place that the server names, and no second factor or expiry unasked', async () => {
    cards.stub.sessions = [sample('Firefox on Windows', { place: 'Cologne', amr: ['pwd', 'otp'] })];
    const { row } = await ready();
    expect(await row('Firefox').locator('[part=place]').textContent()).toBe('Cologne');
    expect(await row('Firefox').textContent()).not.toMatch(/factor|expires/i);
  });

  test('tells of a second factor and of the expiry where the page asks for them', async () => {
    cards.stub.markup = '<login-management src="/sessions" show="second-factor expiry"></login-management>';
    cards.stub.sessions = [
      sample('Firefox on Windows', { amr: ['pwd', 'otp'], expiresAt: NOW + 25 * DAY }),
      sample('Edge on Windows', { amr: ['pwd', 'pin'], expiresAt: null }),
      sample('Opera on Linux', { amr: ['mfa'], expiresAt: NOW + 90 * MINUTE }),
      sample('curl', { amr: [], expiresAt: NOW - 1 }),
    ];
    const { row } = await ready();
    expect(await row('Firefox').textContent()).toMatch(/Second factor\s*Expires in 25 days/);
    expect(await row('Edge').textContent()).not.toMatch(/factor|expires/i);
    expect(await row('Opera').textContent()).toMatch(/Second factor\s*Expires in 1 hour/);
    expect(await row('curl').textContent()).toMatch(/7\s*Expires in 1 minute/);
    const expiry = row('Firefox').locator('[part=expiry] time');
    expect(await expiry.getAttribute('title')).toMatch(/^July 12, 2026/);
  });

  test('counts down to the expiry, and shows another one, place or factor that the server sends later', async () => {
    cards.stub.markup = '<login-management src="/sessions" show="second-factor expiry"></login-management>';
    cards.stub.sessions = [sample('Firefox on Windows', { lastUsedAt: NOW - DAY, expiresAt: NOW + 90 * MINUTE })];
    const shown = await cards.open({ clock: true });
    const expiry = shown.row('Firefox').locator('[part=expiry]');
    await eventually(() => expiry.textContent()).toBe('Expires in 1 hour');
    await shown.page.clock.runFor(HOUR + MINUTE);
    expect(await expiry.textContent()).toBe('Expires in 29 minutes');
    Object.assign(cards.stub.sessions[0]!, { expiresAt: NOW + 10 * DAY, place: 'Cologne', amr: ['mfa'] });
    await shown.page.evaluate(() => document.querySelector('login-management')?.refresh());
    await eventually(() => expiry.textContent()).toBe('Expires in 10 days');
    expect(await shown.row('Firefox').textContent()).toMatch(/Cologne\s*203\.0\.113\.7\s*Second factor/);
    expect(await shown.row('Firefox').locator('[part=meta]').count()).toBe(2);
  });

  test('keeps counting, with one timer that slows down', async () => {
    cards.stub.sessions = [
      sample('Firefox on Windows', { lastUsedAt: NOW }),
      sample('Edge on Linux', { lastUsedAt: NOW }),
    ];
    const shown = await cards.open({ clock: true, before: countTimers });
    const { page } = shown;
    const time = shown.row('Firefox').locator('time').first();
    await eventually(() => time.textContent()).toBe('just now');
    await page.clock.runFor(MINUTE + 1000);
    expect(await time.textContent()).toBe('1 minute ago');
    await page.clock.runFor(70 * MINUTE);
    expect(await time.textContent()).toBe('1 hour ago');
    const { active, periods } = await timers(page);
    expect(active).toBe(1);
    expect(new Set(periods)).toEqual(new Set([MINUTE, HOUR]));
  });

  test('stops while the page is hidden, and is right and fetches again when it is shown', async () => {
    cards.stub.sessions = [sample('Firefox on Windows', { lastUsedAt: NOW })];
    const shown = await cards.open({ clock: true });
    const time = shown.row('Firefox').locator('time').first();
    await time.waitFor();
    await shown.show(false);
    await shown.page.clock.runFor(10_000);
    await shown.show(true);
    expect(cards.stub.count('GET /sessions')).toBe(1);
    await shown.show(false);
    await shown.page.clock.runFor(3 * MINUTE);
    expect(await time.textContent()).toBe('just now');
    await shown.show(true);
    expect(await time.textContent()).toBe('3 minutes ago');
    await eventually(() => cards.stub.count('GET /sessions')).toBe(2);
  });

  test('asks page by page, and again for as many as it shows', async () => {
    cards.stub.sessions = Array.from({ length: 250 }, (_, at) => sample(`Device ${at}`));
    const { card, button, page } = await ready();
    const items = card.getByRole('listitem');
    expect(await items.count()).toBe(100);
    await button('Show more').click();
    await items.nth(199).waitFor();
    await button('Show more').focus();
    await page.keyboard.press('Enter');
    await items.nth(249).waitFor();
    expect(await button('Show more').count()).toBe(0);
    expect(await card.locator('[part=label]').last().textContent()).toBe('Device 249');
    expect(await focusedName(page)).toBe('Log out Device 200');
    const lists = () =>
      cards.stub.received.filter(({ route }) => route === 'GET /sessions').map(({ query }) => query.toString());
    expect(lists()).toEqual(['limit=100', 'limit=100&cursor=100', 'limit=100&cursor=200']);
    cards.stub.sessions.splice(0, 0, sample('The newest'));
    cards.stub.sessions.pop();
    await page.evaluate(() => document.querySelector('login-management')?.refresh());
    await card.getByText('The newest').waitFor();
    expect([await items.count(), await card.locator('[part=label]').first().textContent()]).toEqual([
      250,
      'The newest',
    ]);
    expect(lists().slice(3)).toEqual(lists().slice(0, 3));
  });

  test('takes its page size from the attribute', async () => {
    cards.stub.markup = '<login-management src="/sessions/" page-size="2"></login-management>';
    const { card } = await ready();
    expect(await card.getByRole('listitem').count()).toBe(2);
    expect(cards.stub.received.find(({ route }) => route === 'GET /sessions')?.query.get('limit')).toBe('2');
  });

  // A long task blocks typing and scrolling.
  test.each([
    ['20 in each', 1000, 0, Array(50).fill(20)],
    ['one in each, where one takes too long already', 100, 7, Array(100).fill(1)],
  ])('puts many rows on the page in many tasks: %s', async (_, rows, ms, inEach) => {
    cards.stub.sessions = Array.from({ length: rows }, (_, at) =>
      sample('Firefox on Windows', { createdAt: NOW - at * HOUR }),
    );
    cards.stub.markup = '<login-management src="/sessions" page-size="1000"></login-management>';
    const { page } = await cards.open({ before: (page) => countRows(page, ms) });
    const added = () => page.evaluate(() => (globalThis as unknown as { rowsOfTasks: number[] }).rowsOfTasks);
    await eventually(async () => (await added()).reduce((sum, count) => sum + count, 0)).toBe(rows);
    expect((await added()).filter((count) => count > 0)).toEqual(inEach);
  });

  test('says that no other devices are signed in, and offers no button for them', async () => {
    cards.stub.sessions = [sample('Chrome on Mac OS', { current: true })];
    const { card, button } = await ready();
    await card.getByText('No other devices are signed in.').waitFor();
    expect(await button('Log out other devices').count()).toBe(0);
    expect(await button('Log out everywhere').count()).toBe(1);
  });

  test('says that no devices are signed in', async () => {
    cards.stub.sessions = [];
    const { card } = await cards.open();
    await card.getByText('No devices are signed in.').waitFor();
    expect(await card.getByRole('list').count()).toBe(0);
  });

  test('shows that it is loading', async () => {
    let answer: (value: ReturnType<typeof problem>) => void = () => {};
    cards.stub.answer('GET /sessions', new Promise((resolve) => (answer = resolve)));
    const { card, alert } = await cards.open();
    await card.getByText('Loading…').waitFor();
    expect(await card.locator('[aria-busy=true]').count()).toBe(1);
    answer(problem('forbidden', 403));
    await alert.getByText('You are not allowed').waitFor();
    expect(await card.locator('[aria-busy=true]').count()).toBe(0);
    expect(await card.getByText('Loading…').isVisible()).toBe(false);
  });

  test('asks for JSON, with the cookie of this origin, and reads nothing of it', async () => {
    const { page } = await ready();
    const { headers } = cards.stub.received.find(({ route }) => route === 'GET /sessions')!;
    expect([headers.accept, headers['sec-fetch-mode'], headers['sec-fetch-site']]).toEqual([
      'application/json',
      'cors',
      'same-origin',
    ]);
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([
      0,
      0,
      '',
    ]);
  });

  async function ready() {
    const opened = await cards.open();
    await opened.card.getByRole('listitem').first().waitFor();
    await eventually(() => opened.card.locator('[aria-busy]').count()).toBe(0);
    return {
      ...opened,
      row: opened.row.bind(opened),
      button: opened.button.bind(opened),
      page: opened.page,
      card: opened.card,
    };
  }
});

describeInChromium('what is over', () => {
  const cards = useCardPages();
  /** The ends of the sample sessions, the latest first. The session without an end time comes last. */
  const ENDS = [
    'Password changed 5 minutes ago',
    'Logged out 2 hours ago by you, from Firefox on Windows',
    'Ended 2 hours ago by you',
    'Expired yesterday',
    'Ended by an administrator 3 days ago',
    'Ended',
  ];
  const endsIn = (card: Locator) => card.locator('details [part=meta].end').allTextContents();

  test('is asked for when the section is opened, and says how, when, by whom and from where, the latest end first', async () => {
    cards.stub.sessions.push(...endedDevices());
    const { card, row } = await opened();
    await row('Edge').waitFor();
    expect(await endsIn(card)).toEqual(ENDS);
    expect(await card.locator('details').getByRole('button').count()).toBe(0);
    expect(await card.locator('details').getByText('Chrome on Mac OS').count()).toBe(0);
  });

  test('is looked for behind pages of living ones, and "Show more" puts later ends before earlier ones', async () => {
    cards.stub.markup = '<login-management src="/sessions" page-size="1"></login-management>';
    cards.stub.sessions.push(...endedDevices());
    const { card } = await opened();
    const rows = card.locator('details').getByRole('listitem');
    await rows.first().waitFor();
    expect(await endsIn(card)).toEqual([ENDS[1]]);
    await card.locator('details').getByRole('button', { name: 'Show more' }).click();
    await rows.nth(5).waitFor();
    expect(await endsIn(card)).toEqual(ENDS);
    expect(await card.locator('details').getByRole('button').count()).toBe(0);
  });

  test('because a new sign-in replaced it stands apart, collapsed and counted, the latest first', async () => {
    const replaced = (label: string, at: number) =>
      sample(label, { end: { reason: 'ended', at, by: 'self', fromDevice: null, reasonCode: 'replaced' } });
    cards.stub.sessions.push(
      replaced('Edge on Windows', NOW - 3 * DAY),
      ...endedDevices().slice(1, 2),
      replaced('Opera on Linux', NOW - 2 * DAY),
    );
    const { card, row } = await opened();
    await row('Chrome on Android').waitFor();
    expect(await card.locator('details').getByRole('listitem').count()).toBe(1);
    await card.getByText('Replaced by a new sign-in: 2').click();
    await row('Opera').waitFor();
    expect((await endsIn(card)).slice(1)).toEqual([
      'Replaced by a new sign-in 2 days ago by you',
      'Replaced by a new sign-in 3 days ago by you',
    ]);
  });

  test('by replacement has a section only if there is one, and "no ended sessions" is then not shown', async () => {
    const { card } = await opened();
    await card.getByText('No sessions have ended lately.').waitFor();
    expect(await card.getByText('Replaced').isVisible()).toBe(false);
    const end = { reason: 'ended', at: NOW, by: 'self', fromDevice: null, reasonCode: 'replaced' } as const;
    cards.stub.sessions.push(sample('Edge on Windows', { end }));
    for (let click = 0; click < 2; click++) await card.locator('.ended > summary').click();
    await card.getByText('Replaced by a new sign-in: 1').waitFor();
    expect(await card.getByText('No sessions have ended lately.').isVisible()).toBe(false);
  });

  test('says so where there is nothing', async () => {
    const { card } = await opened();
    await card.getByText('No sessions have ended lately.').waitFor();
  });

  async function opened() {
    const shown = await cards.open();
    await shown.card.getByRole('listitem').first().waitFor();
    expect(cards.stub.received.some(({ query }) => query.has('ended'))).toBe(false);
    await shown.card.locator('.ended > summary').click();
    return { card: shown.card, row: shown.row.bind(shown) };
  }
});

describeInChromium('unexpected data from the server', () => {
  const cards = useCardPages();
  const EVIL = '<img src=x onerror="document.title=1"><b>bold</b>';

  test('is shown as text, wherever it stands', async () => {
    cards.stub.sessions = [
      sample(EVIL, { kind: EVIL, ip: EVIL, place: EVIL, lastUsedAt: NOW - DAY }),
      sample('Edge on Linux', { end: { reason: 'ended', at: NOW, by: 'self', fromDevice: EVIL, reasonCode: EVIL } }),
    ];
    cards.stub.answer(`DELETE /sessions/${cards.stub.sessions[0]!.id}`, problem('forbidden', 403, { detail: EVIL }));
    const shown = await cards.open();
    await shown.card.locator('.ended > summary').click();
    await shown.row('Edge').waitFor();
    await shown.button(`Log out ${EVIL}`).click();
    expect(await shown.dialog.getByRole('heading').textContent()).toBe(`Log out ${EVIL}?`);
    await shown.answer('Log out');
    await shown.alert.getByText(EVIL).waitFor();
    expect(await shown.card.locator('img, b').count()).toBe(0);
    expect(await shown.card.getByText(EVIL).count()).toBeGreaterThanOrEqual(6);
    expect(await shown.page.title()).toBe('Devices');
  });

  test.each([
    ['a time that is none', { lastUsedAt: 1e300 }],
    ['a time to come', { lastUsedAt: NOW + DAY }],
    ['a kind that is a name of every object', { kind: 'constructor' }],
  ])('is survived: %s', async (_, rest) => {
    cards.stub.sessions = [sample('Firefox on Windows', rest)];
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    expect(await shown.row('Firefox').textContent()).toMatch(/just now|5 days ago|constructor/);
  });
});

/** Returns the accessible name of the focused element. */
async function focusedName(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.getAttribute('aria-label') ?? null);
}

/**
 * Counts the rows that each task adds. A timer starts a task. Each call of `performance.now` advances its time by `ms`.
 */
async function countRows(page: Page, ms: number): Promise<void> {
  await page.addInitScript((step) => {
    const { setTimeout: set } = globalThis;
    const { attachShadow } = Element.prototype;
    const rowsOfTasks = [0];
    let time = 0;
    performance.now = () => {
      time += step;
      return time;
    };
    Object.assign(globalThis, {
      rowsOfTasks,
      setTimeout: (work: () => void, period?: number) =>
        set(() => {
          rowsOfTasks.push(0);
          work();
        }, period),
    });
    // The observer runs at the end of a task, before the next one begins.
    const count = new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
      const rows = added.filter(({ nodeName }) => nodeName === 'LI').length;
      rowsOfTasks.push((rowsOfTasks.pop() ?? 0) + rows);
    });
    Element.prototype.attachShadow = function (init) {
      const root = attachShadow.call(this, init);
      count.observe(root, { childList: true, subtree: true });
      return root;
    };
  }, ms);
}

/** Counts timers of a minute or more. */
async function countTimers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const timers = { active: new Set<unknown>(), periods: [] as number[] };
    Object.assign(globalThis, {
      timers,
      setTimeout: (work: () => void, period = 0) => {
        if (period < 60_000) return set(work, period);
        timers.periods.push(period);
        const id = set(() => {
          timers.active.delete(id);
          work();
        }, period);
        timers.active.add(id);
        return id;
      },
      clearTimeout: (id: number) => {
        timers.active.delete(id);
        clear(id);
      },
    });
  });
}

const timers = (page: Page): Promise<{ active: number; periods: number[] }> =>
  page.evaluate(() => {
    const { active, periods } = (globalThis as unknown as { timers: { active: Set<unknown>; periods: number[] } })
      .timers;
    return { active: active.size, periods };
  });
