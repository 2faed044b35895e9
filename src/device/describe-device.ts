import { type ClientHints, type HintReading, readClientHints } from './client-hints.ts';
import type { Device, DeviceType } from './device.ts';
import { WEB_VIEW } from './names.ts';
import { readUserAgent, type UserAgentReading } from './user-agent.ts';

export type { ClientHints } from './client-hints.ts';

/**
 * Describes a device by its `User-Agent` and client hints (UA Client Hints, WICG; DEV-1 to DEV-4). Never throws, and
 * takes bounded time for any input. Ignores values that are not strings, and hints that are malformed or longer than
 * 1,024 characters. Cuts a long User-Agent.
 *
 * Some devices cannot be told apart. A browser that requests desktop pages claims to be a desktop, as Safari on an iPad
 * does by default. Brave, Arc and others send Chrome's User-Agent, and count as Chrome without a brand of their own.
 * @param userAgent the header `User-Agent`.
 * @param hints the headers of client hints, if the browser sent any.
 * @example
 * ```ts
 * import { describeDevice } from 'session-revocation';
 *
 * const { label } = describeDevice(userAgent); // such as 'Chrome on Mac OS'
 * ```
 */
export function describeDevice(userAgent: string | null | undefined, hints?: ClientHints | null): Device {
  const claimed = readUserAgent(userAgent);
  const hinted = readClientHints(typeof hints === 'object' && hints !== null ? hints : {});
  const { name, app } = chooseProgram(claimed, hinted);
  const os = claimed.type === 'bot' ? null : chooseSystem(claimed.os, hinted.os);
  const type = name === HEADLESS ? 'bot' : chooseType(claimed, hinted, os);
  return Object.freeze({ label: labelOf(name, app, os), browser: name, os, type });
}

// A script drives this browser, so it must not pass for a user's Chrome.
const HEADLESS = 'Headless Chrome';

// The most specific name first: an app that embeds an engine, a browser's brand, its product in the User-Agent, the
// shared engine. A browser with a frozen User-Agent still sends its brand.
function chooseProgram(claimed: UserAgentReading, hinted: HintReading): { name: string | null; app: boolean } {
  if (claimed.sort === 'app' && claimed.name !== null) return { name: claimed.name, app: true };
  if (hinted.browser !== null && !hinted.shared) return { name: hinted.browser, app: false };
  if (claimed.sort === 'browser') return { name: claimed.name, app: false };
  if (claimed.sort === 'app' || hinted.browser === WEB_VIEW) return { name: null, app: true };
  return { name: hinted.browser ?? claimed.name, app: false };
}

// A browser that requests desktop pages may name another system in its User-Agent, so the hint counts. But a hint names
// only the family of a system, so a more specific name in the User-Agent stays, such as Ubuntu or Android TV.
function chooseSystem(claimed: string | null, hinted: string | null): string | null {
  if (hinted === null || claimed === null) return claimed ?? hinted;
  if (hinted === 'iOS' && claimed === 'iPadOS') return claimed;
  return FAMILIES.has(claimed) ? hinted : claimed;
}

const FAMILIES: ReadonlySet<string> = new Set(['Android', 'ChromeOS', 'iOS', 'iPadOS', 'Linux', 'Mac OS', 'Windows']);

function chooseType(claimed: UserAgentReading, hinted: HintReading, os: string | null): DeviceType {
  const type = claimed.type ?? 'unknown';
  // Hints describe computers, phones and tablets. For a television or a bot, the User-Agent says more.
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
