import UAParser from 'ua-parser-js';
import type { DeviceType } from '../device.ts';
import { browserName, cleanName, programName, systemName, WEB_VIEW } from './names.ts';
import { APPS, BUILT_IN, PLATFORMS } from './platforms.ts';

/** What a User-Agent says, with `null` for what it does not. */
export interface UserAgentReading {
  /** `null` for an app that does not say its name, too. */
  readonly name: string | null;
  /**
   * `app`: not a browser of its own right, so that brands say less than this. `shared`: the engine that many browsers
   * and apps share, so that any brand says more. `browser`: between the two.
   */
  readonly sort: 'app' | 'browser' | 'shared' | null;
  readonly os: string | null;
  readonly type: DeviceType | null;
}

// Real ones end well below. Some of the parser's expressions backtrack (`naver(1.1naver(1.1…` takes 0.6 ms at this
// length, and four times that at the parser's own limit of 500), and what it knows to tell stands in front.
const LONGEST_USER_AGENT = 1024;
const LONGEST_TO_PARSE = 256;

/** Reads a User-Agent (RFC 9110, 10.1.5); whatever it holds, it does not throw. */
export function readUserAgent(userAgent: unknown): UserAgentReading {
  if (typeof userAgent !== 'string') return NOTHING;
  // Everything that looks for a name below may rely on plain ASCII on one line.
  const text = userAgent
    .slice(0, LONGEST_USER_AGENT)
    .replace(/[^ -~]+/g, ' ')
    .trim();
  if (text === '') return NOTHING;
  return readBot(text) ?? (/^(?:Mozilla|Opera)\//i.test(text) ? readBrowser(text) : readProgram(text));
}

const NOTHING: UserAgentReading = Object.freeze({ name: null, sort: null, os: null, type: null });

// A bot's system is left out: the phone that a crawler says to be is part of its disguise.
function readBot(text: string): UserAgentReading | null {
  const word = BOT_WORD.exec(text)?.[1] ?? BOT_NAME.exec(text)?.[0];
  const link = /^Mozilla\//i.test(text) ? BOT_LINK.exec(text)?.[1] : undefined;
  const name = word ?? link;
  if (name === undefined) return null;
  return { name: NO_PRODUCT.test(name) ? 'Bot' : cleanName(name), sort: 'app', os: null, type: 'bot' };
}

// Cubot makes phones, and other phones are named XBot and M_bot.
const BOT_WORD =
  /(?:^|[ ;(,])((?!cubot)[a-z][\w.-]{0,30}?(?:bot|crawler|spider)(?:-[a-z]{1,16}){0,2})(?=\/|[;)]|$| ?\(| \d)/i;
const BOT_NAME = new RegExp(
  'facebookexternalhit|Yahoo! Slurp|Mediapartners-Google|Google-InspectionTool|Chrome-Lighthouse|' +
    'ChatGPT-User|Claude-User|BingPreview|PhantomJS',
);
// By custom, a program that leaves the address of its makers for the keeper of the log is a robot.
const BOT_LINK = /([a-z][\w.-]{1,31})(?:\/[\w.]{0,16})?[;,) ]{0,3}\(?\+https?:\/\//i;

// Without a text, the parser would look for a navigator.
const parse = (text: string): UAParser.UAParserInstance => new UAParser(text.slice(0, LONGEST_TO_PARSE) || ' ');

function readBrowser(text: string): UserAgentReading {
  const parser = parse(text);
  const platform = readPlatform(text) ?? parsePlatform(parser);
  const { os } = platform;
  const type = platform.type ?? typeOf(text, os, parser);
  const app = APPS.find(({ mark }) => mark.test(text));
  if (app !== undefined) return { name: app.name, sort: 'app', os, type: app.type ?? type };
  const parsed = parser.getBrowser().name;
  // 'Mozilla' is what the parser calls a Gecko without a product: it is in every browser's text.
  const name = parsed === 'Mozilla' ? null : (browserName(parsed)?.name ?? null);
  const embedded = isEmbedded(text, name, os);
  if ((embedded || name === null || COMMON.has(name)) && BUILT_IN.has(os ?? '')) {
    return { name: 'Browser', sort: 'browser', os, type };
  }
  // These two add nothing of their own, so that what stands there names another browser.
  const plain = name === 'Safari' || (name === 'Chrome' && os === 'Android');
  const embedder = embedded || plain ? readEmbedder(text) : null;
  if (embedded || embedder !== null) return { name: embedder, sort: 'app', os, type };
  if (name === null) return { name, sort: null, os, type };
  return { name, sort: name === 'Chrome' || name === 'Chromium' ? 'shared' : 'browser', os, type };
}

const COMMON: ReadonlySet<string> = new Set(['Chrome', 'Chromium', 'Safari']);

// Whether the engine is all that the parser recognised.
function isEmbedded(text: string, name: string | null, os: string | null): boolean {
  if (name === WEB_VIEW || name === 'Electron') return true;
  if (name === 'Chrome') return os === 'Android' && (/; wv\)/.test(text) || /Version\/[\d.]+ Chrome\//.test(text));
  // Safari is Apple's only, and every browser on an iPhone ends in `Safari/`. What an app shows (and a page on the home
  // screen) does not.
  if (name === 'Safari' && os !== null && !APPLE.has(os)) return true;
  return (name === 'Safari' || name === null) && /AppleWebKit\//.test(text) && !/Safari\//.test(text);
}

const APPLE: ReadonlySet<string> = new Set(['iOS', 'iPadOS', 'Mac OS', 'tvOS', 'watchOS']);

// An app that embeds an engine adds its own product to the engine's: before them (Electron) or after (web views).
function readEmbedder(text: string): string | null {
  const engine = text.indexOf('like Gecko)');
  const tokens = text.slice(Math.max(engine, 0)).matchAll(/ ([A-Za-z][\w.+-]{1,40}(?: Browser)?)\/[\w.]/g);
  const product = Array.from(tokens, ([, token]) => token ?? '').find((token) => !NO_PRODUCT.test(token));
  return product === undefined ? null : programName(product);
}

// What engines, systems, operators and toolkits add. None of it tells one app from another.
const NO_PRODUCT = anyOf(String.raw`
  Mozilla AppleWebKit WebKit WebView wv Version Chrome Chr0me Mobile Safari Gecko Electron Browser Build
  Ubuntu Debian Fedora NetType Language JsSdk Channel Region Byte\w+ isDarkMode WKWebView AppName App_version AppTheme
  FalconTag Bullet\w* XWEB MMWEB\w+ TBS Html5Plus flutter_inappwebview cordova[\w-]* AmazonWebAppPlatform`);

// What is not a browser starts with its own product: `MyApp/1.2 (iPhone; iOS 17.0)`, `curl/8.4.0` (RFC 9110, 10.1.5).
function readProgram(text: string): UserAgentReading {
  const name = APPS.find(({ mark }) => mark.test(text))?.name ?? readProduct(text);
  // The product's own name would mislead whoever looks for a system in it: there is an app called Mint.
  const rest = name === null ? text : text.replace(/^[^/(]*/, '');
  const parser = parse(rest);
  const known = readPlatform(rest) ?? readPlatform(text);
  const { os, type } = known ?? parsePlatform(parser);
  if (name === null && known === null && os === null) return NOTHING;
  const device = type ?? typeOf(rest, os, parser);
  // An app is on a phone, a television …; a program on a computer may as well be a script.
  return { name, sort: 'app', os, type: device === 'desktop' || device === 'unknown' ? 'client' : device };
}

function readProduct(text: string): string | null {
  const token = (PRODUCT.exec(text) ?? WORD.exec(text))?.[1];
  if (token === undefined || NO_PROGRAM.test(token)) return null;
  // Which library made the request says more than that it was Python.
  const library = token === 'Python' ? / (aiohttp|httpx|requests)\//.exec(text)?.[1] : undefined;
  return programName(library ?? decode(token));
}

// Up to four words before a slash or a version, or a single word: prose and markup are no product.
const PRODUCT = /^([A-Za-z0-9%][\w.+%&'-]{0,60}(?: [A-Za-z0-9%][\w.+%&'-]{0,60}){0,3}?)(?:\/| v?\d+\.)/;
const WORD = /^([A-Za-z][\w.+-]{1,60})$/;
const NO_PROGRAM = anyOf('CFNetwork Darwin Dalvik Android iOS Build Version AppleWebKit WebView');

function anyOf(patterns: string): RegExp {
  return new RegExp(`^(?:${patterns.trim().split(/\s+/).join('|')})$`, 'i');
}

// Apple's networking library percent-encodes the name of the app.
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
  // A model is a guess: 'HP' may be a phone, unless it shows windows of X.
  return { os, type: type !== 'tv' && /\bX11\b/.test(parser.getUA()) ? 'desktop' : type };
}

function typeOf(text: string, os: string | null, parser: UAParser.UAParserInstance): DeviceType {
  if (os === 'Tizen') return /SM-R\d/.test(text) ? 'wearable' : /Mobile/.test(text) ? 'mobile' : 'tv';
  const parsed = PARSED_TYPES.get(parser.getDevice().type ?? '');
  if (parsed === 'tv' || parsed === 'console') return parsed;
  // The models are a guess, and `K` is what Chrome calls them all. `Mobile` is what browsers on Android agreed on, and
  // says the same as Sec-CH-UA-Mobile.
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
