import { texts } from 'session-revocation/ui';
import { describe, expect, test } from 'vitest';
import { useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { endedDevices } from './support/samples.ts';

describe('the languages', () => {
  const placesIn = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

  test('say the same things, with the same places to fill in', () => {
    const { en, ...others } = texts;
    expect(Object.keys(others)).toEqual(['de']);
    for (const other of Object.values(others)) {
      expect(Object.keys(other)).toEqual(Object.keys(en!));
      for (const [key, text] of Object.entries(en!)) {
        const translated = other[key as keyof typeof other];
        if (typeof text === 'string') expect([key, placesIn(String(translated))]).toEqual([key, placesIn(text)]);
        else expect([key, Object.keys(translated)]).toEqual([key, Object.keys(text)]);
      }
    }
  });
});

describe('the English texts', () => {
  test('say "log out" throughout, as the buttons do', () => {
    const { reasonCodes, kinds, ...plain } = texts.en!;
    const all = [...Object.values(plain), ...Object.values(reasonCodes), ...Object.values(kinds)]
      // Messages for developers contain names of parts in quotation marks.
      .map((text) => text.replace(/"[^"]*"/g, ''));
    expect(all.filter((text) => /\bsign(s|ed|ing)?[ -]?out\b/i.test(text))).toEqual([]);
    expect(all.filter((text) => /\blog(s|ged|ging)?[ -]?out\b/i.test(text)).length).toBeGreaterThan(20);
  });
});

describeInChromium('the language', () => {
  const cards = useCardPages();

  test('is that of the document, in words and in times', async () => {
    cards.stub.language = 'de-AT';
    cards.stub.sessions.push(...endedDevices());
    const shown = await cards.open();
    await shown.row('Firefox auf Windows').waitFor();
    expect(await shown.card.getByRole('heading', { level: 2 }).textContent()).toBe('Ihre Geräte');
    expect(await shown.row('Firefox').textContent()).toMatch(/Zuletzt aktiv vor 3 Stunden.*Angemeldet vor 5 Tagen/);
    expect(await shown.row('Safari').textContent()).toMatch(/Zuletzt aktiv gerade eben.*Angemeldet gestern/);
    expect(await shown.button('Safari auf iOS abmelden').count()).toBe(1);
    expect(await shown.row('Chrome').textContent()).toContain('Aktuelle Sitzung');
    expect(await shown.card.locator('section').getAttribute('lang')).toBe('de-AT');
    await shown.card.locator('.ended > summary').click();
    await shown.card.getByText('Abgemeldet vor 2 Stunden, von Ihnen, mit Firefox auf Windows').waitFor();
    await shown.button('Überall abmelden').click();
    expect(await shown.dialog.getByRole('heading').textContent()).toBe('Überall abmelden?');
    await shown.answer('Abbrechen');
  });

  test('is that of the attribute first, and changes with it', async () => {
    cards.stub.language = 'de';
    cards.stub.markup = '<div lang="de"><login-management src="/sessions" lang="en"></login-management></div>';
    const shown = await cards.open();
    await shown.card.getByText('Your devices').waitFor();
    await shown.page.evaluate(() => document.querySelector('login-management')?.removeAttribute('lang'));
    await shown.card.getByText('Ihre Geräte').waitFor();
  });

  test('that is unknown, or no tag at all, is English throughout', async () => {
    for (const language of ['fr', 'not a tag!', '']) {
      cards.stub.language = language;
      const shown = await cards.open();
      await shown.row('Firefox').waitFor();
      expect(await shown.row('Firefox').textContent()).toContain('3 hours ago');
      expect(await shown.card.locator('section').getAttribute('lang')).toBe('en');
    }
  });

  test('can be another one, which the app adds', async () => {
    const app = `import { texts } from '/ui.js';
      texts.fr = { ...texts.en, heading: 'Vos appareils', justNow: 'à l’instant', lastActive: 'Actif {time}', device: '{browser} sur {os}' };
      const card = document.createElement('login-management');
      card.setAttribute('src', '/sessions');
      card.lang = 'fr-CA';
      document.body.append(card);`;
    cards.stub.markup = '<script type="module" src="/app.js"></script>';
    cards.stub.answer('GET /app.js', { status: 200, body: app, headers: { 'content-type': 'text/javascript' } });
    const shown = await cards.open();
    await shown.card.getByText('Vos appareils').waitFor();
    await shown.row('Firefox sur Windows').getByText('Actif il y a 3 heures').waitFor();
    await shown.row('Safari').getByText('Actif à l’instant').waitFor();
  });

  test('can have single texts of the app, set before the element is defined or after', async () => {
    cards.stub.sessions.push(...endedDevices());
    const shown = await cards.open({
      before: (page) =>
        page.addInitScript(() => {
          document.addEventListener('readystatechange', () => {
            const card = document.querySelector('login-management');
            if (card !== null && !customElements.get('login-management')) {
              card.texts = {
                heading: 'Where you are signed in',
                reasonCodes: { 'left-the-building': 'Left the building' },
              };
            }
          });
        }),
    });
    await shown.card.getByText('Where you are signed in').waitFor();
    await shown.card.locator('.ended > summary').click();
    await shown.card.getByText('Left the building 2 hours ago by you').waitFor();
    await shown.card.getByText('Password changed').waitFor();
    await shown.page.evaluate(() => {
      document.querySelector('login-management')!.texts = { heading: 'Sessions', kinds: { api: 'Program' } };
    });
    await shown.card.getByText('Sessions', { exact: true }).waitFor();
    await shown.row('deploy script').getByText('Program').waitFor();
  });
});
