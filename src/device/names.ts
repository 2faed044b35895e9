/**
 * User-Agent, client hints and the parser use different names for one browser. All become one name, so that `replace:
 * 'same-browser'` can compare.
 */

// A label is two names and ` on `, so it has at most 64 characters.
const MAX_NAME = 30;

/**
 * Makes a name safe: at most 30 letters, digits, spaces and `. _ + -` of ASCII, beginning with a letter or a digit.
 * Returns `null` if no character is left. These characters have no special meaning in HTML, attributes, logs, terminals
 * and spreadsheets, so the name is safe even if an app forgets to escape it (ASVS 16.4.1). Other scripts have invisible
 * letters, look-alikes and right-to-left runs.
 */
export function cleanName(text: string): string | null {
  const name = text
    .slice(0, 4 * MAX_NAME)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._+-]+/g, ' ')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_NAME)
    .replace(/[^A-Za-z0-9+]+$/, '');
  return name === '' ? null : name;
}

/** An engine without a product name: a web view. The app's name must come from another part of the text. */
export const WEB_VIEW = 'WebView';

/** Lower-case spellings by display name, which is always one of them. */
const BROWSERS = index({
  'Aloha Browser': ['alohabrowser'],
  'Avast Secure Browser': ['avastsecurebrowser'],
  Brave: ['brave browser'],
  Chrome: ['google chrome', 'chrome mobile'],
  Chromium: [],
  'Coc Coc': ['coccoc'],
  DuckDuckGo: ['ddg'],
  Edge: ['microsoft edge', 'microsoft edge simulate'],
  Firefox: [],
  'Firefox Focus': ['focus', 'klar'],
  'GNOME Web': ['epiphany'],
  'Headless Chrome': ['headlesschrome', 'chrome headless'],
  'HeyTap Browser': ['heytap'],
  'Huawei Browser': ['huaweibrowser'],
  'Internet Explorer': ['ie', 'iemobile'],
  'Meta Quest Browser': ['oculus browser', 'oculusbrowser'],
  'Mi Browser': ['miui browser', 'miuibrowser', 'xiaomibrowser', 'mibrowser'],
  Opera: ['opera mobi', 'opera mobile', 'operamobile', 'opera tablet', 'opera touch', 'opera browser'],
  'Opera GX': ['opera gx android'],
  'Opera Mini': ['opera mini android'],
  'QQ Browser': ['qqbrowser', 'qqbrowserlite'],
  Safari: ['mobilesafari'],
  'Samsung Internet': ['samsung browser', 'samsungbrowser'],
  Silk: ['amazon silk'],
  'UC Browser': ['ucbrowser'],
  Vivaldi: [],
  'Vivo Browser': [],
  Whale: ['naver whale'],
  'Yandex Browser': ['yandex', 'yabrowser', 'yasearchbrowser', 'yowser'],
  '360 Browser': ['360'],
  [WEB_VIEW]: ['android webview', 'chrome webview', 'microsoft edge webview2', 'webkit', 'android browser', 'khtml'],
});

const SYSTEMS = index({
  Android: ['android-x86'],
  ChromeOS: ['chrome os', 'chromium os', 'chromiumos', 'cros'],
  CentOS: [],
  Debian: [],
  Fedora: [],
  FreeBSD: [],
  Gentoo: [],
  iOS: [],
  Linux: ['gnu'],
  'Mac OS': ['macos', 'mac os x', 'macintel'],
  OpenBSD: [],
  'Red Hat': ['redhat'],
  SUSE: ['opensuse'],
  Ubuntu: ['kubuntu', 'xubuntu', 'lubuntu'],
  Windows: ['win32', 'win64', 'windows mobile'],
});

/** Programs whose product token differs from their usual name. */
const PROGRAMS = index({
  Discord: [],
  'GitHub Desktop': ['githubdesktop'],
  HTTPie: [],
  Insomnia: [],
  Messenger: ['orca-android'],
  Outlook: ['outlook-ios', 'outlook-android', 'outlook-ios-android', 'microsoft outlook'],
  Postman: ['postmanruntime'],
  PowerShell: ['windowspowershell'],
  Python: ['python-urllib'],
  Slack: ['slack_ssb'],
  Spotify: [],
  Teams: ['teamsmobile-android', 'teamsmobile-ios'],
  Threads: ['barcelona'],
  'UC Browser': ['ucweb'],
  Unity: ['unityplayer'],
  'VS Code': ['code'],
  Wget: [],
});

/** Returns the display name of a browser. `known` is true if this module lists the browser. */
export function browserName(text: string | undefined): { readonly name: string; readonly known: boolean } | null {
  // ua-parser-js names a browser's phone edition ('Mobile Safari'), which the device type already says.
  const spelling = text?.replace(/^Mobile /i, '');
  return lookUp(BROWSERS, spelling);
}

/** Returns the display name of a system. `null` for `Unknown` (UA Client Hints, 3.9). */
export function systemName(text: string | null | undefined): string | null {
  if (text === undefined || text === null || /^unknown$/i.test(text)) return null;
  return lookUp(SYSTEMS, text.replace(/[ /]v?\d[\d._]*$/, ''))?.name ?? null;
}

export const programName = (text: string): string | null =>
  PROGRAMS.get(text.toLowerCase()) ?? lookUp(BROWSERS, text)?.name ?? null;

function lookUp(names: ReadonlyMap<string, string>, text: string | undefined): { name: string; known: boolean } | null {
  if (text === undefined) return null;
  const known = names.get(text.toLowerCase());
  if (known !== undefined) return { name: known, known: true };
  const name = cleanName(text);
  return name === null ? null : { name, known: false };
}

function index(spellings: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(spellings).flatMap(([name, others]) =>
      [name.toLowerCase(), ...others].map((spelling): [string, string] => [spelling, name]),
    ),
  );
}
