import { type ClientHints, type HintReading, readClientHints } from './device/client-hints.ts';
import { WEB_VIEW } from './device/names.ts';
import { readUserAgent, type UserAgentReading } from './device/user-agent.ts';

export type { ClientHints } from './device/client-hints.ts';

/**
 * What sort of thing a session was started on. `wearable` is a watch or a headset, `embedded` a car or the like, `bot`
 * a crawler or an automated browser, `client` a program other than a browser that does not say what it runs on, or runs
 * on a computer: `curl`, an app's HTTP library.
 */
export type DeviceType =
  | 'desktop'
  | 'mobile'
  | 'tablet'
  | 'tv'
  | 'console'
  | 'wearable'
  | 'embedded'
  | 'bot'
  | 'client'
  | 'unknown';

/**
 * What a session says of the device that it was started on. All of it is the client's own claim: for display and as one
 * input to a judgement of risk, never for authentication (OWASP Session Management Cheat Sheet, "Binding the Session ID
 * to Other User Properties").
 *
 * The texts hold letters, digits, space and `. _ + -` of ASCII only, whatever was sent.
 */
export interface Device {
  /** Such as `'Chrome on Mac OS'`: at most 64 characters, no versions. `'Unknown device'` where nothing is known. */
  readonly label: string;
  /** The browser or the app by one name that stays the same across versions, such as `'Edge'`; `null` if not known. */
  readonly browser: string | null;
  /** The operating system likewise, such as `'Windows'`; `null` if not known. */
  readonly os: string | null;
  readonly type: DeviceType;
}

/**
 * Describes a device from the text that a client sent: its `User-Agent`, and its client hints where it sends them
 * (UA Client Hints, WICG; DEV-1 to DEV-4). Never throws and takes bounded time, whatever it is given: what is not a
 * string counts as not sent, as does a hint that is malformed or longer than 1,024 characters. A User-Agent is cut.
 *
 * What cannot be known: a browser that asks for the desktop's pages says to be on a desktop, and Safari on an iPad does
 * so from the start. Brave, Arc and others send Chrome's User-Agent; without a brand of their own, they are Chrome.
 */
export function describeDevice(userAgent: string | null | undefined, hints?: ClientHints | null): Device {
  const claimed = readUserAgent(userAgent);
  const hinted = readClientHints(typeof hints === 'object' && hints !== null ? hints : {});
  const { name, app } = chooseProgram(claimed, hinted);
  const os = claimed.type === 'bot' ? null : chooseSystem(claimed.os, hinted.os);
  const type = name === HEADLESS ? 'bot' : chooseType(claimed, hinted, os);
  return Object.freeze({ label: labelOf(name, app, os), browser: name, os, type });
}

// As a rule driven by a script. It must not pass for a person's Chrome.
const HEADLESS = 'Headless Chrome';

// From the most telling to the least: an app that embeds an engine, a browser's own brand, a browser's own product in
// the User-Agent, and the engine that they share. A browser that freezes its User-Agent still tells its brand.
function chooseProgram(claimed: UserAgentReading, hinted: HintReading): { name: string | null; app: boolean } {
  if (claimed.sort === 'app' && claimed.name !== null) return { name: claimed.name, app: true };
  if (hinted.browser !== null && !hinted.shared) return { name: hinted.browser, app: false };
  if (claimed.sort === 'browser') return { name: claimed.name, app: false };
  if (claimed.sort === 'app' || hinted.browser === WEB_VIEW) return { name: null, app: true };
  return { name: hinted.browser ?? claimed.name, app: false };
}

// The hint is the word of the browser, the User-Agent may be that of another system ("desktop site"). But it names the
// family, so it takes nothing away from what the User-Agent says more closely: Ubuntu, Android TV.
function chooseSystem(claimed: string | null, hinted: string | null): string | null {
  if (hinted === null || claimed === null) return claimed ?? hinted;
  if (hinted === 'iOS' && claimed === 'iPadOS') return claimed;
  return FAMILIES.has(claimed) ? hinted : claimed;
}

const FAMILIES: ReadonlySet<string> = new Set(['Android', 'ChromeOS', 'iOS', 'iPadOS', 'Linux', 'Mac OS', 'Windows']);

function chooseType(claimed: UserAgentReading, hinted: HintReading, os: string | null): DeviceType {
  const type = claimed.type ?? 'unknown';
  // The hints are about screens that are held or sat before. A television or a bot is known better by its text.
  if (type !== 'unknown' && type !== 'desktop' && type !== 'mobile' && type !== 'tablet') return type;
  if (hinted.form !== null) return hinted.form;
  if (hinted.mobile === true) return 'mobile';
  if (os === 'Android' && (hinted.mobile === false || type === 'desktop')) return 'tablet';
  if (type === 'unknown' || (os !== claimed.os && type === 'mobile')) return COMPUTERS.has(os ?? '') ? 'desktop' : type;
  return type;
}

const COMPUTERS: ReadonlySet<string> = new Set(['ChromeOS', 'Linux', 'Mac OS', 'Windows']);

function labelOf(name: string | null, app: boolean, os: string | null): string {
  if (name !== null && os !== null && !name.startsWith(os)) return `${name} on ${os}`;
  if (name !== null) return name;
  if (app) return os === null ? 'Unknown app' : `App on ${os}`;
  return os === null ? 'Unknown device' : `${os} device`;
}
