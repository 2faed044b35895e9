import { expect, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { violationsOf } from './support/accessibility.ts';
import { type CardPage, useCardPages } from './support/card-page.ts';
import type { DeviceOptions } from './support/chromium.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { endedDevices, NOW, sample } from './support/samples.ts';
import { type Answer, problem } from './support/stub-server.ts';

describeInChromium('axe-core finds nothing', () => {
  const cards = useCardPages();
  const DEVICES: [string, DeviceOptions][] = [
    ['light, wide', {}],
    ['dark, wide', { colorScheme: 'dark' }],
    ['light, 360 px', { width: 360, touch: true }],
    ['dark, 360 px', { width: 360, touch: true, colorScheme: 'dark' }],
  ];

  const LOOKED_AT = includes('ui: every pair of colours, width and direction')
    ? DEVICES
    : [DEVICES.at(0)!, DEVICES.at(-1)!];
  test.each(LOOKED_AT)('where all is well: %s', async (_, options) => {
    const end = { reason: 'ended', at: NOW, by: 'self', fromDevice: null, reasonCode: 'replaced' } as const;
    cards.stub.sessions.push(...endedDevices(), sample('Opera on Linux', { end }));
    cards.stub.sessions[2]!.place = 'Cologne';
    cards.stub.markup = `<login-management src="/sessions" login-url="/sign-in" show="second-factor expiry"></login-management>`;
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await cards.open(options);
    await shown.row('Firefox').waitFor();
    await shown.card.locator('.ended > summary').click();
    await shown.row('Edge').waitFor();
    await shown.card.locator('.replaced > summary').click();
    await shown.card.getByRole('radio').last().check();
    expect(await violationsOf(shown.page)).toEqual([]);
    await shown.button('Log out everywhere').click();
    expect(await violationsOf(shown.page)).toEqual([]);
    await shown.answer('Cancel');
    await shown.button('Log out Firefox on Windows').click();
    await shown.answer('Log out');
    await shown.status.getByText('is logged out').waitFor();
    expect(await violationsOf(shown.page)).toEqual([]);
  });

  const STATES: [string, Answer | Promise<Answer>, string][] = [
    ['an outage', problem('store-unavailable', 503), 'No device was logged out'],
    ['a mistake', { status: 200, body: '<h1>App</h1>' }, 'For the developer'],
    ['an end', problem('session-required', 401), 'You are logged out'],
    [
      'no other device',
      { status: 200, body: { sessions: [sample('curl', { current: true })], cursor: null } },
      'No other devices',
    ],
    ['loading', new Promise(() => {}), 'Loading'],
  ];
  test.each([DEVICES.at(0)!, DEVICES.at(-1)!])('where all is not: %s', async (_, options) => {
    // `login-url` is the page itself, so the card does not navigate away.
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

  const WIDTHS = [320, 360, 412, 480, 600, 768, 1200];
  const ALL_LOOKS = (['en', 'de'] as const).flatMap((language) =>
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      (['ltr', 'rtl'] as const).map((dir) => ({ language, colorScheme, dir })),
    ),
  );
  const LOOKS = includes('ui: every pair of colours, width and direction')
    ? ALL_LOOKS
    : [ALL_LOOKS.at(0)!, ALL_LOOKS.at(-1)!];

  test.each(LOOKS)(
    'nothing is cut off, scrolls sideways or breaks within a word: $language, $colorScheme, $dir',
    async ({ language, colorScheme, dir }) => {
      cards.stub.language = language;
      cards.stub.markup = '<login-management src="/sessions" show="second-factor expiry"></login-management>';
      const end = {
        reason: 'ended',
        at: NOW,
        by: 'self',
        fromDevice: 'Firefox on Windows',
        reasonCode: 'replaced',
      } as const;
      cards.stub.sessions.push(
        ...endedDevices(),
        sample('Samsung Internet on Android', { kind: 'remembered', amr: ['mfa'], place: 'Frankfurt am Main' }),
        sample('Opera on Android', { end }),
        sample(`${'Long'.repeat(14)} on Windows`, { ip: '2001:db8:1111:2222:3333:4444:5555:6666' }),
      );
      cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
      const shown = await ready({ colorScheme });
      const { page } = shown;
      await page.locator('html').evaluate((html, dir) => html.setAttribute('dir', dir), dir);
      await shown.card.locator('.ended > summary').click();
      await shown.row('Edge').waitFor();
      await shown.card.locator('.replaced > summary').click();
      await shown.card.getByRole('radio').last().check();
      const wrong: unknown[] = [];
      const look = async (what: string): Promise<void> => {
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          for (const found of await page.evaluate(flaws)) wrong.push([what, width, found]);
        }
      };
      await look('the card');
      const buttons = shown.card.locator('.actions button');
      for (let at = 0; at < (await buttons.count()); at++) {
        await page.setViewportSize({ width: 1200, height: 900 });
        await buttons.nth(at).click();
        await look(`dialog ${at}`);
        await page.keyboard.press('Escape');
      }
      expect(wrong).toEqual([]);
    },
  );

  test('that are broken are found: a word, and what is too wide', async () => {
    const shown = await ready({ width: 320 });
    await shown.page.evaluate(() => {
      const button = document.querySelector('login-management')!.shadowRoot!.querySelector<HTMLElement>('.row button')!;
      button.style.width = '2rem';
      button.style.overflowWrap = 'anywhere';
    });
    expect(await shown.page.evaluate(flaws)).toContain('breaks within "Log"');
    await shown.page.evaluate(() => {
      const list = document.querySelector('login-management')!.shadowRoot!.querySelector<HTMLElement>('.list')!;
      list.style.width = '500px';
    });
    expect((await shown.page.evaluate(flaws)).join()).toContain('reaches out');
  });

  test('in a page of the other direction, each text reads in its own', async () => {
    const shown = await ready({});
    await shown.page.locator('html').evaluate((html) => html.setAttribute('dir', 'rtl'));
    await shown.button('Log out Firefox on Windows').click();
    const sides = await shown.page.evaluate(() => {
      const root = document.querySelector('login-management')!.shadowRoot!;
      const isInOrder = (element: Element): boolean => {
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        const nodes: Node[] = [];
        while (texts.nextNode()) if (texts.currentNode.textContent !== '') nodes.push(texts.currentNode);
        const side = (node: Node, at: number): number => {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          return range.getBoundingClientRect().left;
        };
        const last = nodes.at(-1)!;
        return side(nodes[0]!, 0) < side(last, last.textContent!.length - 1);
      };
      const selected = [...root.querySelectorAll('.meta > span, .label, .badge, h2, h3, #question-detail')];
      return {
        wrong: selected.filter((element) => !isInOrder(element)).map(({ outerHTML }) => outerHTML),
        count: selected.length,
        icon: root.querySelector('.icon')!.getBoundingClientRect().left,
        label: root.querySelector('.label')!.getBoundingClientRect().left,
      };
    });
    expect(sides.wrong).toEqual([]);
    expect(sides.count).toBeGreaterThan(15);
    // The page is right-to-left, so a row begins on the right.
    expect(sides.icon).toBeGreaterThan(sides.label);
  });

  test.each([
    ['a finger', { width: 360, touch: true }, 44],
    ['a mouse', {}, 24],
  ] satisfies [string, DeviceOptions, number][])('targets are large enough for %s', async (_, options, least) => {
    cards.stub.policy = { account: 'acme', signOut: 'session', mayChange: true };
    const shown = await ready({ ...options, height: 800 });
    await shown.card.getByRole('radio').last().check();
    await shown.button('Log out').click();
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
    const danger = shown.button('Log out everywhere');
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

/** Runs in the page. Finds parts of the card that are wider than the page, and line breaks within words. */
function flaws(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  const found: string[] = [];
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} px wide`);
  const root = document.querySelector('login-management')!.shadowRoot!;
  for (const element of root.querySelectorAll('*')) {
    const { left, right, width } = element.getBoundingClientRect();
    if (width > 1 && (left < 0 || right > clientWidth)) found.push(`${element.outerHTML} reaches out`);
  }
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    // An address contains no words. Words over 40 letters may break.
    if (node.parentElement?.closest('[part=address]') !== null) continue;
    for (const { 0: word, index } of node.textContent!.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (word.length > 40) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) found.push(`breaks within "${word}"`);
    }
  }
  return found;
}
