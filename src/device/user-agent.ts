import UAParser from 'ua-parser-js';
import type { DeviceType } from './device.ts';
import { browserName, cleanName, programName, systemName, WEB_VIEW } from './names.ts';
import { APPS, BUILT_IN, PLATFORMS } from './platforms.ts';

/** `null` for a value that the User-Agent does not give. */
export interface UserAgentReading {
  /** Also `null` for an app without a name. */
  readonly name: string | null;
  /**
   * `app`: no independent browser, so its name beats any brand. `shared`: an engine, so any brand beats it. `browser`:
   * between them.
   */
  readonly sort: 'app' | 'browser' | 'shared' | null;
  readonly os: string | null;
  readonly type: DeviceType | null;
}

// Real User-Agents are much shorter, with the recognised parts in front. Some expressions of the parser backtrack:
// `naver(1.1naver(1.1…` takes 0.6 ms at 256 characters, and four times that at the parser's own limit of 500.
const MAX_USER_AGENT = 1024;
const MAX_TO_PARSE = 256;

/** RFC 9110, 10.1.5. Never throws. */
export function readUserAgent(userAgent: unknown): UserAgentReading {
  if (typeof userAgent !== 'string') return NOTHING;
  const text = userAgent
    .slice(0, MAX_USER_AGENT)
    .replace(/[^ -~]+/g, ' ')
    .trim();
  if (text === '') return NOTHING;
  return readBot(text) ?? (/^(?:Mozilla|Opera)\//i.test(text) ? readBrowser(text) : readProgram(text));
}

const NOTHING: UserAgentReading = Object.freeze({ name: null, sort: null, os: null, type: null });

// Without the system: a crawler names a phone only as a disguise.
function readBot(text: string): UserAgentReading | null {
  const word = BOT_WORD.exec(text)?.[1] ?? BOT_NAME.exec(text)?.[0];
  const link = /^Mozilla\//i.test(text) ? BOT_LINK.exec(text)?.[1] : undefined;
  const name = word ?? link;
  if (name === undefined) return null;
  return { name: NO_PRODUCT.test(name) ? 'Bot' : cleanName(name), sort: 'app', os: null, type: 'bot' };
}

// Without names of phones: Cubot, XBot, M_bot.
const BOT_WORD =
  /(?:^|[ ;(,])((?!cubot)[a-z][\w.-]{0,30}?(?:bot|crawler|spider)(?:-[a-z]{1,16}){0,2})(?=\/|[;)]|$| ?\(| \d)/i;
const BOT_NAME = new RegExp(
  'facebookexternalhit|Yahoo! Slurp|Mediapartners-Google|Google-InspectionTool|Chrome-Lighthouse|' +
    'ChatGPT-User|Claude-User|BingPreview|PhantomJS',
);
// By convention, a robot gives the address of its makers.
const BOT_LINK = /([a-z][\w.-]{1,31})(?:\/[\w.]{0,16})?[;,) ]{0,3}\(?\+https?:\/\//i;

// For empty text, the parser would read the global `navigator`.
const parse = (text: string): UAParser.UAParserInstance => new UAParser(text.slice(0, MAX_TO_PARSE) || ' ');

function readBrowser(text: string): UserAgentReading {
  const parser = parse(text);
  const platform = readPlatform(text) ?? parsePlatform(parser);
  const { os } = platform;
  const type = platform.type ?? typeOf(text, os, parser);
  const app = APPS.find(({ mark }) => mark.test(text));
  if (app !== undefined) return { name: app.name, sort: 'app', os, type: app.type ?? type };
  const parsed = parser.getBrowser().name;
  // Every browser's text has the word 'Mozilla'. As a name, it means a Gecko engine without a product.
  const name = parsed === 'Mozilla' ? null : (browserName(parsed)?.name ?? null);
  const embedded = isEmbedded(text, name, os);
  if ((embedded || name === null || COMMON.has(name)) && BUILT_IN.has(os ?? '')) {
    return { name: 'Browser', sort: 'browser', os, type };
  }
  // Safari and Chrome on Android add no product of their own, so another product in the text is another browser.
  const plain = name === 'Safari' || (name === 'Chrome' && os === 'Android');
  const embedder = embedded || plain ? readEmbedder(text) : null;
  if (embedded || embedder !== null) return { name: embedder, sort: 'app', os, type };
  if (name === null) return { name, sort: null, os, type };
  return { name, sort: name === 'Chrome' || name === 'Chromium' ? 'shared' : 'browser', os, type };
}

const COMMON: ReadonlySet<string> = new Set(['Chrome', 'Chromium', 'Safari']);

// The parser has recognised only an engine.
function isEmbedded(text: string, name: string | null, os: string | null): boolean {
  if (name === WEB_VIEW || name === 'Electron') return true;
  if (name === 'Chrome') return os === 'Android' && (/; wv\)/.test(text) || /Version\/[\d.]+ Chrome\//.test(text));
  // Safari exists only on Apple's systems, and every browser on an iPhone ends in `Safari/`, unlike web views and home
  // screen pages.
  if (name === 'Safari' && os !== null && !APPLE.has(os)) return true;
  return (name === 'Safari' || name === null) && /AppleWebKit\//.test(text) && !/Safari\//.test(text);
}

const APPLE: ReadonlySet<string> = new Set(['iOS', 'iPadOS', 'Mac OS', 'tvOS', 'watchOS']);

// An app adds its product before the engine's (Electron) or after it (web views).
function readEmbedder(text: string): string | null {
  const engine = text.indexOf('like Gecko)');
  const tokens = text.slice(Math.max(engine, 0)).matchAll(/ ([A-Za-z][\w.+-]{1,40}(?: Browser)?)\/[\w.]/g);
  const product = Array.from(tokens, ([, token]) => token ?? '').find((token) => !NO_PRODUCT.test(token));
  return product === undefined ? null : programName(product);
}

// Tokens of engines, systems, operators and toolkits do not identify an app.
const NO_PRODUCT = anyOf(String.raw`
  Mozilla AppleWebKit WebKit WebView wv Version Chrome Chr0me Mobile Safari Gecko Electron Browser Build
  Ubuntu Debian Fedora NetType Language JsSdk Channel Region Byte\w+ isDarkMode WKWebView AppName App_version AppTheme
  FalconTag Bullet\w* XWEB MMWEB\w+ TBS Html5Plus flutter_inappwebview cordova[\w-]* AmazonWebAppPlatform`);

// A program starts with its own product: `MyApp/1.2 (iPhone; iOS 17.0)`, `curl/8.4.0` (RFC 9110, 10.1.5).
function readProgram(text: string): UserAgentReading {
  const name = APPS.find(({ mark }) => mark.test(text))?.name ?? readProduct(text);
  // A name can look like a system: there is an app called Mint.
  const rest = name === null ? text : text.replace(/^[^/(]*/, '');
  const parser = parse(rest);
  const known = readPlatform(rest) ?? readPlatform(text);
  const { os, type } = known ?? parsePlatform(parser);
  if (name === null && known === null && os === null) return NOTHING;
  const device = type ?? typeOf(rest, os, parser);
  // A program on a phone or a television is an app. On a computer it may be a script.
  return { name, sort: 'app', os, type: device === 'desktop' || device === 'unknown' ? 'client' : device };
}

function readProduct(text: string): string | null {
  const token = (PRODUCT.exec(text) ?? WORD.exec(text))?.[1];
  if (token === undefined || NO_PROGRAM.test(token)) return null;
  // The library, such as aiohttp, says more than "Python".
  const library = token === 'Python' ? / (aiohttp|httpx|requests)\//.exec(text)?.[1] : undefined;
  return programName(library ?? decode(token));
}

// One to four words before a slash or a version, or a single word. Prose and markup are not a product.
const PRODUCT = /^([A-Za-z0-9%][\w.+%&'-]{0,60}(?: [A-Za-z0-9%][\w.+%&'-]{0,60}){0,3}?)(?:\/| v?\d+\.)/;
const WORD = /^([A-Za-z][\w.+-]{1,60})$/;
const NO_PROGRAM = anyOf('CFNetwork Darwin Dalvik Android iOS Build Version AppleWebKit WebView');

function anyOf(patterns: string): RegExp {
  return new RegExp(`^(?:${patterns.trim().split(/\s+/).join('|')})$`, 'i');
}

// Apple's networking library percent-encodes the app's name.
function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

type System = Pick<UserAgentReading, 'os' | 'type'>;

const readPlatform = (text: string): System | null =>
  PLATFORMS.find(({ mark, and }) => mark.test(text) && (and === undefined || and.test(text))) ?? null;

function parsePlatform(parser: UAParser.UAParserInstance): System {
  const os = systemName(parser.getOS().name);
  const type = PARSED_TYPES.get(parser.getDevice().type ?? '') ?? (os === null ? 'unknown' : 'desktop');
  // The model is a guess: 'HP' may be a phone, unless the text names X11.
  return { os, type: type !== 'tv' && /\bX11\b/.test(parser.getUA()) ? 'desktop' : type };
}

function typeOf(text: string, os: string | null, parser: UAParser.UAParserInstance): DeviceType {
  if (os === 'Tizen') return /SM-R\d/.test(text) ? 'wearable' : /Mobile/.test(text) ? 'mobile' : 'tv';
  const parsed = PARSED_TYPES.get(parser.getDevice().type ?? '');
  if (parsed === 'tv' || parsed === 'console') return parsed;
  // Chrome calls every model `K`. On Android, browsers agreed on `Mobile`, which means the same as Sec-CH-UA-Mobile.
  if (/AppleWebKit|Gecko\//.test(text)) return /\bMobile\b/.test(text) ? 'mobile' : 'tablet';
  return parsed ?? 'mobile';
}

const PARSED_TYPES: ReadonlyMap<string, DeviceType> = new Map([
  ['mobile', 'mobile'],
  ['tablet', 'tablet'],
  ['console', 'console'],
  ['smarttv', 'tv'],
  ['wearable', 'wearable'],
  ['embedded', 'embedded'],
]);
