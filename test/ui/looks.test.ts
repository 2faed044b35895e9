import { expect, test } from 'vitest';
import { violationsOf } from './support/accessibility.ts';
import { type CardPage, useCardPages } from './support/card-page.ts';
import type { DeviceOptions } from './support/chromium.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { endedDevices, sample } from './support/samples.ts';
import { type Answer, problem } from './support/stub-server.ts';

describeInChromium('axe-core finds nothing', () => {
  const cards = useCardPages();
  const DEVICES: [string, DeviceOptions][] = [
    ['light, wide', {}],
    ['dark, wide', { colorScheme: 'dark' }],
    ['light, 360 px', { width: 360, touch: true }],
    ['dark, 360 px', { width: 360, touch: true, colorScheme: 'dark' }],
  ];

  test.each(DEVICES)('where all is well: %s', async (_, options) => {
    cards.stub.sessions.push(...endedDevices());
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await cards.open(options);
    await shown.row('Firefox').waitFor();
    await shown.card.locator('summary').click();
    await shown.row('Edge').waitFor();
    await shown.card.getByRole('radio').last().check();
    expect(await violationsOf(shown.page)).toEqual([]);
    await shown.button('Sign out everywhere').click();
    expect(await violationsOf(shown.page)).toEqual([]);
    await shown.answer('Cancel');
    await shown.button('Log out Firefox on Windows').click();
    await shown.answer('Log out');
    await shown.status.getByText('is logged out').waitFor();
    expect(await violationsOf(shown.page)).toEqual([]);
  });

  const STATES: [string, Answer | Promise<Answer>, string][] = [
    ['an outage', problem('store-unavailable', 503), 'Nobody was signed out'],
    ['a mistake', { status: 200, body: '<h1>App</h1>' }, 'For the developer'],
    ['an end', problem('session-required', 401), 'You are signed out'],
    [
      'nobody else',
      { status: 200, body: { sessions: [sample('curl', { current: true })], cursor: null } },
      'No other devices',
    ],
    ['loading', new Promise(() => {}), 'Loading'],
  ];
  test.each([DEVICES[0]!, DEVICES[3]!])('where all is not: %s', async (_, options) => {
    // The page of the sign-in is this one: it stays.
    cards.stub.markup = '<login-management src="/sessions" login-url="/settings/devices"></login-management>';
    cards.stub.policy = { account: null, signOut: 'everywhere', mayChange: false };
    const shown = await cards.open(options);
    for (const [name, answer, text] of STATES) {
      cards.stub.answer('GET /sessions', answer);
      await shown.page.evaluate(() => document.querySelector('login-management')?.toggleAttribute('no-policy'));
      await shown.card.getByText(text).first().waitFor();
      expect([name, await violationsOf(shown.page)]).toEqual([name, []]);
    }
  });

  test('because it looks: it finds what is wrong', async () => {
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    await shown.page.evaluate(() => {
      const button = document.querySelector('login-management')?.shadowRoot?.querySelector('.row button');
      button?.replaceChildren();
      button?.removeAttribute('aria-label');
    });
    expect((await violationsOf(shown.page)).join()).toContain('button-name');
  });
});

describeInChromium('the looks', () => {
  const cards = useCardPages();

  test.each([320, 360, 1200])('nothing is cut off or scrolls sideways at %i px', async (width) => {
    cards.stub.sessions.push(
      ...endedDevices(),
      sample(`${'Long'.repeat(14)} on Windows`, { ip: '2001:db8:1111:2222:3333:4444:5555:6666' }),
    );
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await ready({ width });
    await shown.card.locator('summary').click();
    await shown.row('Edge').waitFor();
    await shown.button('Sign out everywhere').click();
    const outside = await shown.page.evaluate(() => {
      const root = document.querySelector('login-management')!.shadowRoot!;
      const wide = [...root.querySelectorAll('*')].filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (left < 0 || right > innerWidth);
      });
      return [document.documentElement.scrollWidth - innerWidth, ...wide.map(({ outerHTML }) => outerHTML)];
    });
    expect(outside).toEqual([0]);
  });

  test.each([
    ['a finger', { width: 360, touch: true }, 44],
    ['a mouse', {}, 24],
  ] satisfies [string, DeviceOptions, number][])('targets are large enough for %s', async (_, options, least) => {
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await ready({ ...options, height: 800 });
    await shown.card.getByRole('radio').last().check();
    await shown.button('Sign out').click();
    const heights = await shown.page.evaluate(() => {
      const root = document.querySelector('login-management')!.shadowRoot!;
      const targets = [...root.querySelectorAll('button, summary, .choice')].filter((target) =>
        target.checkVisibility(),
      );
      return targets.map((target) => Math.min(target.clientHeight + 2, target.clientWidth));
    });
    expect(heights.length).toBeGreaterThan(9);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(least);
  });

  test('light and dark follow the page, not the system alone', async () => {
    const shown = await ready({ colorScheme: 'dark' });
    const background = () => shown.card.locator('section').evaluate((card) => getComputedStyle(card).backgroundColor);
    expect(await background()).toBe('rgb(27, 33, 41)');
    await shown.page.evaluate(() => {
      document.documentElement.style.colorScheme = 'light';
    });
    expect(await background()).toBe('rgb(255, 255, 255)');
  });

  test('properties and parts are the page’s to style', async () => {
    const shown = await ready({});
    const danger = shown.button('Sign out everywhere');
    const label = shown.card.locator('.label').first();
    await shown.page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`
        login-management { --session-card-danger: rgb(1, 2, 3); --session-card-font: serif; }
        login-management::part(danger-button) { text-transform: uppercase; }
        login-management::part(label) { letter-spacing: 3px; }`);
      document.adoptedStyleSheets.push(sheet);
    });
    const styles = await danger.evaluate((button) => {
      const { color, textTransform, fontFamily } = getComputedStyle(button);
      return [color, textTransform, fontFamily];
    });
    expect(styles).toEqual(['rgb(1, 2, 3)', 'uppercase', 'serif']);
    expect(await label.evaluate((element) => getComputedStyle(element).letterSpacing)).toBe('3px');
  });

  test('nothing moves for who asks for less motion', async () => {
    for (const reducedMotion of [false, true]) {
      cards.stub.answer('GET /sessions', new Promise(() => {}));
      const shown = await cards.open({ reducedMotion });
      await shown.card.getByText('Loading').waitFor();
      const moving = await shown.page.evaluate(
        () => document.querySelector('login-management')!.shadowRoot!.getAnimations().length,
      );
      expect(moving > 0).toBe(!reducedMotion);
    }
  });

  test('forced colours leave the badge an outline, and the focus is seen', async () => {
    const shown = await ready({ forcedColors: true });
    expect(
      await shown.card
        .locator('.badge')
        .first()
        .evaluate((badge) => getComputedStyle(badge).borderTopWidth),
    ).toBe('1px');
    await shown.page.keyboard.press('Tab');
    const outline = await shown
      .button('Log out Safari on iOS')
      .evaluate((button) => getComputedStyle(button).outlineStyle);
    expect(outline).toBe('solid');
  });

  async function ready(options: DeviceOptions): Promise<CardPage> {
    const shown = await cards.open(options);
    await shown.row('Firefox').waitFor();
    return shown;
  }
});
