import { expect, test } from 'vitest';
import { type CardPage, useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { eventually } from './support/eventually.ts';
import { sample } from './support/samples.ts';
import { type Answer, problem } from './support/stub-server.ts';

const tag = (attributes: string): string => `<login-management ${attributes}></login-management>`;
/** Waits a short time, in which an unwanted request or message would appear. */
const settle = (shown: CardPage): Promise<void> => shown.page.waitForTimeout(150);

const UNAVAILABLE = problem('store-unavailable', 503, {}, { 'retry-after': '5' });

describeInChromium('an outage', () => {
  const cards = useCardPages();

  test('does not sign out, and says so; "Try again" works', async () => {
    cards.stub.answer('GET /sessions', UNAVAILABLE, 1);
    // The page's clock stands still. Otherwise the page would try again after 5 s.
    const shown = await cards.open({ clock: true });
    await shown.alert.getByText('No device was logged out.').waitFor();
    await shown.alert.getByText('tries again by itself').waitFor();
    expect(await shown.cardEvents()).toEqual([
      { name: 'session-error', detail: { name: 'store-unavailable', status: 503, during: 'list', detail: null } },
    ]);
    await shown.button('Try again').click();
    await shown.row('Firefox').waitFor();
    expect(await shown.alert.textContent()).toBe('');
  });

  test('is tried again by itself, not before Retry-After, later every time, and not for ever', async () => {
    cards.stub.answer('GET /sessions', UNAVAILABLE);
    const shown = await cards.open({ clock: true });
    // The first waits follow Retry-After. Each wait has up to a quarter of its length added at random.
    for (const [tries, seconds] of [5, 5, 8, 16, 32].entries()) {
      // The page must have the answer before the clock moves on.
      await eventually(() => shown.cardEvents().then(({ length }) => length)).toBe(tries + 1);
      await shown.alert.getByText('tries again by itself').waitFor();
      await shown.page.clock.runFor(seconds * 1000 - 1);
      await settle(shown);
      expect(cards.stub.count('GET /sessions')).toBe(tries + 1);
      await shown.page.clock.runFor(seconds * 250 + 1);
      await eventually(() => cards.stub.count('GET /sessions')).toBe(tries + 2);
    }
    await shown.alert.getByText('tries again by itself').waitFor({ state: 'detached' });
    await shown.page.clock.runFor(3_600_000);
    await settle(shown);
    expect(cards.stub.count('GET /sessions')).toBe(6);
    expect(await shown.button('Try again').count()).toBe(1);
  });

  test('leaves the rows that are there', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    cards.stub.answer('GET /sessions', UNAVAILABLE);
    await shown.page.evaluate(() => document.querySelector('login-management')?.refresh());
    await shown.alert.getByText('No device was logged out').waitFor();
    expect(await shown.card.getByRole('listitem').count()).toBe(4);
  });

  test('of the network is told, and over when the browser says so', async () => {
    // The page's clock stands still. Otherwise the page would try again, and finally stop trying.
    const shown = await cards.open({ clock: true });
    await shown.row('Firefox').waitFor();
    await shown.page.context().setOffline(true);
    await shown.page.evaluate(() => document.querySelector('login-management')?.refresh());
    await shown.alert.getByText('There is no connection to the server.').waitFor();
    await shown.page.context().setOffline(false);
    await shown.alert.getByText('connection').waitFor({ state: 'detached' });
    expect((await shown.cardEvents())[0]?.detail).toMatchObject({ name: 'offline', status: null });
  });

  test.each([
    ['an app’s error', { status: 500, body: '<h1>Oops</h1>' }, 'the server answered 500'],
    [
      'what the server says',
      problem('bad-request', 400, { detail: 'The cursor is of another list.' }),
      'The cursor is of another list.',
    ],
    ['forbidden', problem('forbidden', 403), 'You are not allowed to do this.'],
    ['cross-origin', problem('cross-origin', 403), 'does not accept requests from this page'],
  ] satisfies [string, Answer, string][])('of another sort is told too: %s', async (_, answer, text) => {
    cards.stub.answer('GET /sessions', answer);
    const shown = await cards.open();
    await shown.alert.getByText(text).waitFor();
    expect(await shown.button('Try again').count()).toBe(1);
  });

  test('tells the developer which origin was refused, and where it belongs', async () => {
    cards.stub.answer('GET /sessions', problem('cross-origin', 403));
    const shown = await cards.open();
    const hint = shown.alert.getByText('For the developer: ');
    await hint.waitFor();
    expect(await hint.textContent()).toMatch(
      `does not know the origin ${cards.stub.origin}. Add it to the option origins`,
    );
  });
});

describeInChromium('a session that is over', () => {
  const cards = useCardPages();
  const OVER = problem('session-required', 401, { reason: 'revoked', reasonCode: 'password-changed' });

  test('goes to login-url, with the way back and the reason', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    cards.stub.answer('GET /sessions', OVER);
    await shown.page.evaluate(() => {
      addEventListener('signed-out', ({ detail }) => sessionStorage.setItem('told', JSON.stringify(detail)));
      document.querySelector('login-management')?.refresh();
    });
    await shown.page.waitForURL('**/sign-in?*');
    const { searchParams } = new URL(shown.page.url());
    expect(Object.fromEntries(searchParams)).toEqual({
      returnTo: '/settings/devices?tab=1',
      reason: 'password-changed',
    });
    const told = await shown.page.evaluate(() => sessionStorage.getItem('told'));
    await shown.page.evaluate(() => sessionStorage.clear());
    expect(JSON.parse(told ?? '')).toEqual({ how: 'ended', reason: 'password-changed', effectiveWithin: 0 });
  });

  test('is found in an action too, and in the words of an app', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    cards.stub.answer('POST /sessions/sign-out-others', { status: 401, body: 'Unauthorized' });
    await shown.button('Log out other devices').click();
    await shown.dialog.getByRole('button', { name: 'Log out other devices' }).click();
    await shown.page.waitForURL('**/sign-in?*');
  });

  test('loads the page anew without a login-url, but not again and again', async () => {
    cards.stub.markup = '<login-management src="/sessions"></login-management>';
    cards.stub.answer('GET /sessions', OVER);
    const shown = await cards.open({ width: 1100 });
    // The first page also shows the message while it reloads, so the test waits for the second page's request.
    await eventually(() => cards.stub.count('GET /sessions')).toBe(2);
    await shown.alert.getByText('You are logged out. Sign in again to go on.').waitFor();
    await settle(shown);
    expect(await shown.button('Reload the page').count()).toBe(1);
    expect(cards.stub.count('GET /settings/devices')).toBe(2);
    expect(cards.stub.count('GET /sessions')).toBe(2);
  });

  test('does not go to the page that it is on', async () => {
    cards.stub.markup = '<login-management src="/sessions" login-url="/settings/devices"></login-management>';
    cards.stub.answer('GET /sessions', OVER);
    const shown = await cards.open();
    await shown.alert.getByText('You are logged out.').waitFor();
    await settle(shown);
    expect(cards.stub.count('GET /settings/devices')).toBe(1);
  });

  test('is another thing than a sign-in that is too old', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    cards.stub.answer('POST /sessions/sign-out-others', problem('sign-in-not-recent', 401, { max_age: 600 }));
    await shown.button('Log out other devices').click();
    await shown.answer('Log out other devices');
    await shown.alert.getByText('This needs a recent sign-in.').waitFor();
    const link = shown.alert.getByRole('link', { name: 'Sign in' });
    expect(await link.getAttribute('href')).toBe(
      `${cards.stub.origin}/sign-in?returnTo=${encodeURIComponent('/settings/devices?tab=1')}`,
    );
    expect(await shown.card.getByRole('listitem').count()).toBe(4);
    expect((await shown.cardEvents()).map(({ name, detail }) => [name, detail.name])).toEqual([
      ['session-error', 'sign-in-not-recent'],
    ]);
  });
});

describeInChromium('a mistake in the page is told in the page', () => {
  const cards = useCardPages();

  test.each([
    ['no src', tag(''), null, /needs the attribute src.*src="\/sessions"/],
    ['an empty src', tag('src=" "'), null, /needs the attribute src/],
    ['no address', tag('src="http://"'), null, /src="http:\/\/" is not an address/],
    [
      'another origin',
      tag('src="https://api.example.org/sessions"'),
      null,
      /https:\/\/api\.example\.org, another origin/,
    ],
    ['a query', tag('src="/sessions?user=ann"'), null, /src has the query \?user=ann.*src="\/sessions"/],
    [
      'a script for a login-url',
      tag('src="/sessions" login-url="javascript:alert(1)"'),
      null,
      /login-url="javascript:.*is not an http/,
    ],
    ['a wrong path', tag('src="/wrong"'), null, /GET http.*\/wrong\?limit=100 answered 404\. Set src to/],
    ['a page', tag('src="/sessions"'), { status: 200, body: '<h1>App</h1>' }, /answered 200, and not with JSON/],
    [
      'broken JSON',
      tag('src="/sessions"'),
      { status: 200, body: '{', headers: { 'content-type': 'application/json' } },
      /not with JSON/,
    ],
    [
      'another JSON',
      tag('src="/sessions"'),
      { status: 200, body: { users: [] } },
      /JSON that is not of the session routes/,
    ],
    [
      'another row',
      tag('src="/sessions"'),
      { status: 200, body: { sessions: [{ id: 1 }], cursor: null } },
      /not of the session routes/,
    ],
    [
      'a redirect',
      tag('src="/sessions"'),
      { status: 302, headers: { location: '/sign-in' } },
      /answered with a redirect/,
    ],
    ['another method', tag('src="/sessions"'), problem('method-not-allowed', 405), /answered 405/],
  ] satisfies [string, string, Answer | null, RegExp][])('%s', async (_, markup, answer, text) => {
    cards.stub.markup = markup;
    if (answer !== null) cards.stub.answer('GET /sessions', answer);
    const shown = await cards.open();
    await shown.alert.getByText(/^For the developer: /).waitFor();
    expect(await shown.alert.textContent()).toMatch(text);
    expect(await shown.alert.textContent()).toContain('not set up correctly');
    expect((await shown.cardEvents())[0]).toMatchObject({ name: 'session-error', detail: { name: 'misconfigured' } });
    // The card follows no redirect, and sends no requests about other users.
    expect(cards.stub.count('GET /sign-in')).toBe(0);
    expect(cards.stub.received.filter(({ query }) => query.has('user'))).toEqual([]);
  });

  test('disappears when the attribute is corrected', async () => {
    cards.stub.markup = tag('');
    const shown = await cards.open();
    await shown.alert.getByText('For the developer').waitFor();
    await shown.page.evaluate(() => document.querySelector('login-management')?.setAttribute('src', '/sessions'));
    await shown.row('Firefox').waitFor();
    expect(await shown.alert.textContent()).toBe('');
  });
});

describeInChromium('nothing of an earlier life survives', () => {
  const cards = useCardPages();
  const later = (): { answer: Promise<Answer>; give: (answer: Answer) => void } => {
    let give: (answer: Answer) => void = () => {};
    const answer = new Promise<Answer>((resolve) => {
      give = resolve;
    });
    return { answer, give };
  };
  const list = (label: string): Answer => ({ status: 200, body: { sessions: [sample(label)], cursor: null } });

  test('a changed src asks anew, and a late answer of the old one is ignored', async () => {
    const { answer, give } = later();
    cards.stub.answer('GET /sessions', answer);
    cards.stub.answer('GET /others', list('Opera on Linux'));
    const shown = await cards.open();
    await eventually(() => cards.stub.count('GET /sessions')).toBe(1);
    await shown.page.evaluate(() => document.querySelector('login-management')?.setAttribute('src', '/others'));
    await shown.row('Opera').waitFor();
    give(list('Firefox on Windows'));
    await settle(shown);
    expect(await shown.card.getByRole('listitem').count()).toBe(1);
    expect(await shown.row('Opera').count()).toBe(1);
  });

  test('attributes that change together ask once', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    await shown.page.evaluate(() => {
      const card = document.querySelector('login-management');
      for (const size of ['5', '6', '7']) card?.setAttribute('page-size', size);
      card?.setAttribute('hide', 'policy');
    });
    await eventually(() => cards.stub.count('GET /sessions')).toBe(2);
    await settle(shown);
    expect(
      cards.stub.received.filter(({ route }) => route === 'GET /sessions').map(({ query }) => query.get('limit')),
    ).toEqual(['100', '7']);
  });

  test('a request of an element that is gone is aborted, and its dialog closed', async () => {
    const { answer, give } = later();
    cards.stub.markup = tag('src="/sessions" no-policy');
    const shown = await cards.open({ width: 1100 });
    await shown.row('Firefox').waitFor();
    const aborted: string[] = [];
    shown.page.on('requestfailed', (request) => aborted.push(`${request.url()} ${request.failure()?.errorText}`));
    cards.stub.answer('GET /sessions', answer);
    await shown.button('Log out everywhere').click();
    await shown.page.evaluate(() => document.querySelector('login-management')?.refresh());
    await eventually(() => cards.stub.count('GET /sessions')).toBe(2);
    await shown.page.evaluate(() => document.querySelector('login-management')?.remove());
    await eventually(() => aborted).toEqual([`${cards.stub.origin}/sessions?limit=100 net::ERR_ABORTED`]);
    give(list('Opera on Linux'));
    await settle(shown);
    expect(await shown.cardEvents()).toEqual([]);
    expect(cards.stub.count('POST /sessions/sign-out-everywhere')).toBe(0);
    // A new element in the page works.
    cards.stub.answer('GET /sessions', list('Edge on Linux'));
    await shown.page.evaluate(() => document.body.append(document.createElement('login-management')));
    await shown.page.evaluate(() => document.querySelector('login-management')?.setAttribute('src', '/sessions'));
    await shown.row('Edge').waitFor();
  });

  test('an answer that was under way when a row was ended does not bring it back', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    const { answer, give } = later();
    const before = { status: 200, body: { sessions: structuredClone(cards.stub.sessions), cursor: null } };
    cards.stub.answer('GET /sessions', answer, 1);
    await shown.page.evaluate(() => document.querySelector('login-management')?.refresh());
    await shown.button('Log out Firefox on Windows').click();
    await shown.answer('Log out');
    await shown.status.getByText('is logged out').waitFor();
    give(before);
    await settle(shown);
    expect(await shown.row('Firefox').count()).toBe(0);
    expect(await shown.card.getByRole('listitem').count()).toBe(3);
  });
});
