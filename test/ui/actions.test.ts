import { expect, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { type CardPage, useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { eventually } from './support/eventually.ts';
import { problem } from './support/stub-server.ts';

const focused = (shown: CardPage): Promise<string | null> =>
  shown.page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent ?? null;
  });

const EVERY_BOUND = includes('ui: every bound in every language');
const inFull = test.runIf(includes('ui: all of the buttons'));

describeInChromium('logging one device out', () => {
  const cards = useCardPages();
  const idOf = (label: string) => cards.stub.sessions.find(({ device }) => device.label === label)!.id;

  test('asks first: Escape, "Cancel" and the backdrop are a no, and the focus returns', async () => {
    const shown = await ready();
    const button = shown.button('Log out Firefox on Windows');
    const noes = [
      () => shown.page.keyboard.press('Escape'),
      () => shown.dialog.getByRole('button', { name: 'Cancel' }).click(),
      () => shown.page.mouse.click(5, 5),
    ];
    for (const no of noes) {
      await button.click();
      expect(await shown.dialog.getByRole('heading').textContent()).toBe('Log out Firefox on Windows?');
      // The dialog has an accessible name. Its focus starts on the button that does no harm.
      expect(await shown.card.getByRole('dialog', { name: 'Log out Firefox on Windows?' }).count()).toBe(1);
      expect(await focused(shown)).toBe('Cancel');
      await no();
      await shown.dialog.waitFor({ state: 'detached' });
      expect(await focused(shown)).toBe('Log out Firefox on Windows');
    }
    expect(cards.stub.received.filter(({ route }) => route.startsWith('DELETE'))).toEqual([]);
    expect(await shown.cardEvents()).toEqual([]);
  });

  test('takes the row away without a reload, says so, and moves the focus on', async () => {
    const shown = await ready();
    const id = idOf('Firefox on Windows');
    await shown.button('Log out Firefox on Windows').click();
    await shown.answer('Log out');
    await shown.status.getByText('Firefox on Windows is logged out. It notices at its next request.').waitFor();
    expect(await shown.row('Firefox').count()).toBe(0);
    expect(await focused(shown)).toBe('Log out deploy script');
    expect(cards.stub.count(`DELETE /sessions/${id}`)).toBe(1);
    expect(cards.stub.count('GET /settings/devices')).toBe(1);
    expect(await shown.cardEvents()).toEqual([
      { name: 'session-ended', detail: { id, label: 'Firefox on Windows', effectiveWithin: 0 } },
    ]);
  });

  inFull('shows it among the ended sessions, if these are shown', async () => {
    const shown = await ready();
    await shown.card.locator('.ended > summary').click();
    await shown.card.getByText('No sessions have ended lately.').waitFor();
    await shown.button('Log out Safari on iOS').click();
    await shown.answer('Log out');
    await shown.card.getByText('Logged out just now by you, from Chrome on Mac OS').waitFor();
  });

  inFull('of a session that has already ended removes the row', async () => {
    const shown = await ready();
    cards.stub.sessions = cards.stub.sessions.filter(({ device }) => device.label !== 'Safari on iOS');
    await shown.button('Log out Safari on iOS').click();
    await shown.answer('Log out');
    await shown.status.getByText('Safari on iOS was logged out already.').waitFor();
    await eventually(() => cards.stub.count('GET /sessions')).toBe(2);
    expect(await shown.row('Safari').count()).toBe(0);
    expect(await shown.alert.textContent()).toBe('');
    expect(await shown.cardEvents()).toEqual([]);
  });

  inFull('is sent once, however often it is pressed', async () => {
    const shown = await ready();
    let answer: (value: { status: number }) => void = () => {};
    const route = `DELETE /sessions/${idOf('Firefox on Windows')}`;
    cards.stub.answer(route, new Promise((resolve) => (answer = resolve)));
    const button = shown.button('Log out Firefox on Windows');
    await button.click();
    await shown.answer('Log out');
    await eventually(() => button.getAttribute('aria-disabled')).toBe('true');
    await button.click({ force: true });
    expect(await shown.dialog.count()).toBe(0);
    answer({ status: 204 });
    await shown.row('Firefox').waitFor({ state: 'detached' });
    expect(cards.stub.count(route)).toBe(1);
  });

  inFull('that fails keeps the row, and can be tried again', async () => {
    const shown = await ready();
    const route = `DELETE /sessions/${idOf('Firefox on Windows')}`;
    cards.stub.answer(route, problem('store-unavailable', 503, {}, { 'retry-after': '5' }), 1);
    await shown.button('Log out Firefox on Windows').click();
    await shown.answer('Log out');
    await shown.alert.getByText('No device was logged out').waitFor();
    expect(await shown.row('Firefox').count()).toBe(1);
    await shown.button('Try again').click();
    await shown.status.getByText('is logged out').waitFor();
    expect(await shown.alert.textContent()).toBe('');
    expect((await shown.cardEvents()).map(({ name }) => name)).toEqual(['session-error', 'session-ended']);
  });

  async function ready(): Promise<CardPage> {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    return shown;
  }
});

describeInChromium('the buttons for all', () => {
  const cards = useCardPages();

  test('"Log out other devices" leaves this one alone', async () => {
    const shown = await ready();
    await shown.button('Log out other devices').click();
    expect(await shown.dialog.getByText('Every device but this one').count()).toBe(1);
    await shown.answer('Log out other devices');
    await shown.status.getByText('All other devices are logged out. Each one notices at its next request.').waitFor();
    await shown.card.getByText('No other devices are signed in.').waitFor();
    expect(await shown.card.getByRole('listitem').count()).toBe(1);
    expect(cards.stub.count('POST /sessions/sign-out-others')).toBe(1);
    expect(await shown.cardEvents()).toEqual([{ name: 'others-signed-out', detail: { shown: 3, effectiveWithin: 0 } }]);
  });

  const BOUNDS = [
    ['en', 1_000, 'All other devices are logged out. The last one notices within 1 second.'],
    ['en', 1_001, 'All other devices are logged out. The last one notices within 2 seconds.'],
    ['en', 300_000, 'All other devices are logged out. The last one notices within 5 minutes.'],
    ['de', 1_000, 'Alle anderen Geräte sind abgemeldet. Das letzte bemerkt es innerhalb von 1 Sekunde.'],
    ['de', 300_000, 'Alle anderen Geräte sind abgemeldet. Das letzte bemerkt es innerhalb von 5 Minuten.'],
  ] as const;
  test.each(BOUNDS.filter((_, at) => EVERY_BOUND || at === 1 || at === 4))(
    'in %s, it says when the last device notices, after %i ms',
    async (language, effectiveWithin, said) => {
      cards.stub.language = language;
      cards.stub.answer('POST /sessions/sign-out-others', { status: 200, body: { effectiveWithin } });
      const shown = await ready();
      const name = language === 'de' ? 'Andere Geräte abmelden' : 'Log out other devices';
      await shown.button(name).click();
      await shown.answer(name);
      await shown.status.getByText(said, { exact: true }).waitFor();
      expect(await shown.cardEvents()).toEqual([{ name: 'others-signed-out', detail: { shown: 3, effectiveWithin } }]);
    },
  );

  test('"Log out everywhere" hands the delay to a listener', async () => {
    cards.stub.answer('POST /sessions/sign-out-everywhere', { status: 200, body: { effectiveWithin: 1_000 } });
    const shown = await ready();
    await shown.page.evaluate(() => addEventListener('signed-out', (event) => event.preventDefault()));
    await shown.button('Log out everywhere').click();
    await shown.answer('Log out everywhere');
    await shown.alert.getByText('You are logged out.').waitFor();
    expect(await shown.cardEvents()).toEqual([
      { name: 'signed-out', detail: { how: 'everywhere', reason: null, effectiveWithin: 1_000 } },
    ]);
  });

  test.each([
    ['Log out everywhere', 'sign-out-everywhere', 'everywhere', 'signed-out-everywhere'],
    ['Log out', 'sign-out', 'sign-out', 'signed-out'],
  ])('"%s" asks, and goes to login-url', async (name, route, how, reason) => {
    const shown = await ready();
    // The page navigates right after the event, so it passes the event to the test at once. Tests share the page.
    const events: unknown[] = [];
    const hand = `hand-${route}`;
    await shown.page.exposeFunction(hand, (detail: unknown) => void events.push(detail));
    await shown.page.evaluate((giver) => {
      const give = (globalThis as unknown as Record<string, (detail: unknown) => void>)[giver];
      addEventListener('signed-out', (event) => give?.(event.detail));
    }, hand);
    await shown.button(name).click();
    await shown.page.keyboard.press('Escape');
    expect(cards.stub.count(`POST /sessions/${route}`)).toBe(0);
    await shown.button(name).click();
    await shown.dialog.getByRole('button', { name, exact: true }).click();
    await shown.page.waitForURL(`**/sign-in?reason=${reason}`);
    expect(events).toEqual([{ how, reason: null, effectiveWithin: 0 }]);
    expect(cards.stub.count(`POST /sessions/${route}`)).toBe(1);
  });

  inFull('without a login-url, the page is loaded anew', async () => {
    cards.stub.markup = '<login-management src="/sessions"></login-management>';
    const shown = await ready();
    await shown.button('Log out everywhere').click();
    const loaded = shown.page.waitForEvent('load');
    await shown.dialog.getByRole('button', { name: 'Log out everywhere' }).click();
    await loaded;
    expect(cards.stub.count('GET /settings/devices')).toBe(2);
  });

  inFull('a listener may keep the page; nothing of the session stays on it', async () => {
    const shown = await ready();
    await shown.page.evaluate(() => addEventListener('signed-out', (event) => event.preventDefault()));
    await shown.button('Log out').click();
    await shown.dialog.getByRole('button', { name: 'Log out', exact: true }).click();
    await shown.alert.getByText('You are logged out.').waitFor();
    expect(await shown.card.getByRole('listitem').count()).toBe(0);
    expect(await shown.card.getByRole('button').count()).toBe(0);
    expect(await shown.card.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toContain(
      '/sign-in?returnTo=',
    );
    expect(new URL(shown.page.url()).pathname).toBe('/settings/devices');
  });

  inFull('a route that the app left out is told to the developer', async () => {
    cards.stub.answer('POST /sessions/sign-out-others', { status: 404, body: 'Cannot POST' });
    const shown = await ready();
    await shown.button('Log out other devices').click();
    await shown.answer('Log out other devices');
    await shown.alert.getByText(/POST .*\/sessions\/sign-out-others answered 404.*hide="sign-out-others"/).waitFor();
  });

  inFull('each part can be left out', async () => {
    cards.stub.markup = '<login-management src="/sessions" hide="sign-out sign-out-others ended"></login-management>';
    const shown = await ready();
    expect(await shown.card.locator('.ended > summary').count()).toBe(0);
    expect(await shown.button('Log out').count()).toBe(0);
    expect(await shown.button('Log out other devices').count()).toBe(0);
    expect(await shown.button('Log out everywhere').count()).toBe(1);
  });

  inFull('without rows it is only the buttons, and no list is asked for', async () => {
    cards.stub.markup = '<login-management src="/sessions" hide="rows" no-policy></login-management>';
    const shown = await cards.open();
    await shown.button('Log out everywhere').waitFor();
    expect(await shown.card.getByRole('heading', { level: 2 }).textContent()).toBe('Your sessions');
    expect(await shown.card.getByRole('button').allTextContents()).toEqual([
      'Log out',
      'Log out other devices',
      'Log out everywhere',
    ]);
    expect(cards.stub.received.filter(({ route }) => route.includes('/sessions'))).toEqual([]);
  });

  inFull('a misspelt part is told in the console', async () => {
    cards.stub.markup = '<login-management src="/sessions" hide="others"></login-management>';
    cards.expectComplaint(/hide="others" is unknown; known are rows, ended, /);
    await ready();
    await eventually(() => cards.complaints().length).toBe(1);
  });

  async function ready(): Promise<CardPage> {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    return shown;
  }
});

describeInChromium('by the keyboard alone', () => {
  const cards = useCardPages();

  test('everything is reached in order, done and undone', async () => {
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await cards.open();
    await shown.card.getByText('When a user logs out').waitFor();
    await shown.row('Firefox').waitFor();
    const { keyboard } = shown.page;
    const order: (string | null)[] = [];
    for (let stop = 0; stop < 8; stop++) {
      await keyboard.press('Tab');
      order.push(await focused(shown));
    }
    expect(order.slice(0, 7)).toEqual([
      'Log out Safari on iOS',
      'Log out Firefox on Windows',
      'Log out deploy script',
      'Log out',
      'Log out other devices',
      'Log out everywhere',
      'Ended',
    ]);
    // The focus is on the selected radio button: select the other one, and leave it.
    await keyboard.press('ArrowDown');
    expect(await shown.card.getByRole('radio', { name: 'End all their sessions' }).isChecked()).toBe(true);
    await keyboard.press('Tab');
    expect(await focused(shown)).toBe('Save');
    await keyboard.press('Enter');
    await shown.dialog.waitFor();
    await keyboard.press('Escape');
    await eventually(() => focused(shown)).toBe('Save');
    for (let stop = 0; stop < 2; stop++) await keyboard.press('Shift+Tab');
    expect(await focused(shown)).toBe('Ended');
    await keyboard.press('Enter');
    await shown.card.getByText('No sessions have ended lately.').waitFor();
    for (let stop = 0; stop < 5; stop++) await keyboard.press('Shift+Tab');
    expect(await focused(shown)).toBe('Log out Firefox on Windows');
    await keyboard.press('Space');
    await shown.dialog.waitFor();
    // The focus cannot leave the dialog.
    for (const name of ['Log out', 'Cancel', 'Log out']) {
      await keyboard.press('Tab');
      if ((await focused(shown)) === null) await keyboard.press('Tab');
      expect(await focused(shown)).toBe(name);
    }
    await keyboard.press('Enter');
    await shown.status.getByText('Firefox on Windows is logged out.').waitFor();
    expect(await focused(shown)).toBe('Log out deploy script');
  });
});
