import { describe, expect, test } from 'vitest';
import { sendRaw } from './browser.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open, type Site } from './site.ts';
import { openTokenSite, REFRESH_COOKIE } from './token-site.ts';

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte);
const [TAB, LF, CR, SPACE, SEMICOLON, EQUALS] = [0x09, 0x0a, 0x0d, 0x20, 0x3b, 0x3d];

/** The places in `name=value` for an extra byte. `harmless` bytes do not make it another cookie. */
const PLACES: Readonly<Record<string, { readonly harmless: readonly number[]; pair(...one: Pair): string }>> = {
  'before the name': { harmless: [TAB, SPACE, SEMICOLON], pair: (byte, name, value) => `${byte}${name}=${value}` },
  'after the name': { harmless: [TAB, SPACE], pair: (byte, name, value) => `${name}${byte}=${value}` },
  'before the value': { harmless: [TAB, SPACE], pair: (byte, name, value) => `${name}=${byte}${value}` },
  'after the value': { harmless: [TAB, SPACE, SEMICOLON], pair: (byte, name, value) => `${name}=${value}${byte}` },
};
type Pair = readonly [byte: string, name: string, value: string];
const NAMES = ['before the name', 'after the name'];

const SAME_ORIGIN = 'Sec-Fetch-Site: same-origin';
const isControl = (byte: number): boolean => (byte < SPACE && byte !== TAB) || byte === 0x7f;

/** Returns the answers to requests with these cookies. With `apart`, each request has its own connection. */
async function answersTo(url: string, line: string, cookies: readonly string[], apart: boolean): Promise<string[]> {
  const request = (cookie: string, more: string): string =>
    `${[line, 'Host: x', SAME_ORIGIN, 'Content-Length: 0', ...(more ? [more] : []), `Cookie: ${cookie}`].join('\r\n')}\r\n\r\n`;
  if (apart) return Promise.all(cookies.map((cookie) => sendRaw(url, request(cookie, 'Connection: close'))));
  const last = cookies.length - 1;
  const text = await sendRaw(
    url,
    cookies.map((cookie, at) => request(cookie, at === last ? 'Connection: close' : '')).join(''),
  );
  const answers = text.split(/(?=HTTP\/1\.1 \d)/);
  if (answers.length !== cookies.length) throw new Error(`${answers.length} answers to ${cookies.length} requests`);
  return answers;
}

/** Returns the bytes with which the library still takes the cookie for its own. */
async function takenWith(url: string, line: string, place: string, name: string, value: string, taken: RegExp) {
  const found: number[] = [];
  for (const apart of [false, true]) {
    const bytes = EVERY_BYTE.filter((byte) => isControl(byte) === apart);
    const cookies = bytes.map((byte) => PLACES[place]?.pair(String.fromCharCode(byte), name, value) ?? '');
    const answers = await answersTo(url, line, cookies, apart);
    found.push(...bytes.filter((_, at) => taken.test(answers[at] ?? '')));
  }
  // CR or LF may end the header line after the value. That is up to the server's parser.
  return found.filter((byte) => place !== 'after the value' || (byte !== CR && byte !== LF));
}

export function cookieBytes(framework: Framework): void {
  const signedIn = async (): Promise<{ site: Site; value: string }> => {
    const site = await open(framework);
    const browser = site.browser();
    await browser.signIn('alice');
    return { site, value: browser.cookie(COOKIE) ?? '' };
  };

  describe('of all 256 bytes, none but a space, a tab and the separator makes the same cookie (RFC 6265bis 5.6)', () => {
    test.each(Object.entries(PLACES))('the session’s: %s', async (place, { harmless }) => {
      const { site, value } = await signedIn();
      const taken = await takenWith(site.url, 'GET /public HTTP/1.1', place, COOKIE, value, /"user":"alice"/);
      expect(taken).toEqual(harmless);
    });

    test.each(NAMES)('that of the refresh token: %s', async (place) => {
      const { url } = await openTokenSite(framework);
      const line = 'POST /sessions/refresh HTTP/1.1';
      // `invalid_grant` shows that the library has read the cookie.
      const taken = await takenWith(url, line, place, REFRESH_COOKIE, 'rt1.x', /"invalid_grant"/);
      // An equals sign ends the name, and the rest is another value. That value is refused in the same way.
      expect(taken.filter((byte) => byte !== EQUALS)).toEqual(PLACES[place]?.harmless);
    });
  });

  test.each(NAMES)('a device’s cookie with the byte 0xA0 %s is another cookie', async (place) => {
    const { url } = await open(framework, { sessions: { replace: 'same-device' } });
    const [name, value] = ['__Host-default-device', 'd'.repeat(22)];
    const cookies = [' ', '\u00a0'].map((byte) => PLACES[place]?.pair(byte, name, value) ?? '');
    const [ours = '', other = ''] = await answersTo(url, 'POST /sign-in HTTP/1.1', cookies, false);
    expect(ours).toContain(`${name}=${value};`);
    expect(other).toContain(`${name}=`);
    expect(other).not.toContain(value);
  });

  test('a cookie that begins with the byte 0xA0 neither signs a visitor in nor a user out', async () => {
    const { site, value: mallorys } = await signedIn();
    const user = site.browser();
    await user.signIn('bob');
    const planted = `\u00a0${COOKIE}=${mallorys}`;
    const [visit = '', bob = ''] = await answersTo(
      site.url,
      'GET /public HTTP/1.1',
      [planted, `${planted}; ${user.session}`],
      false,
    );
    expect(visit).toContain('"user":null');
    expect(bob).toContain('"user":"bob"');
  });
}
