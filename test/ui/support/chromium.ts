// A real browser for tests: Chromium, through playwright-core, which downloads no browser.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { WAIT_TIMEOUT } from './timeouts.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Returns the path of an installed Chromium: that of the variable `CHROMIUM`, or else the first one found. `null` if
 * there is none.
 */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  if (env.CHROMIUM) return env.CHROMIUM;
  const folders = ['/usr/bin', ...(env.PATH ?? '').split(delimiter)];
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The properties of a user's device. */
export interface DeviceOptions {
  readonly userAgent?: string;
  readonly colorScheme?: 'light' | 'dark';
  /** In CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  /** `true` for a touch screen, `false` for a mouse. */
  readonly touch?: boolean;
  /** The browser's preferred language (BCP 47). */
  readonly locale?: string;
  readonly reducedMotion?: boolean;
  readonly forcedColors?: boolean;
  /** `true` to accept every certificate, such as a test server's own. */
  readonly trustsAll?: boolean;
}

/** A running browser. Its devices share no data. */
export interface Chromium {
  /** Opens a device with its own cookies. Call `await device.newPage()` on it. */
  newDevice(options?: DeviceOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Starts Chromium with a fresh profile. `hosts` are names that resolve to this machine. Other names do not resolve. */
export async function launch({ hosts = [] }: { readonly hosts?: readonly string[] } = {}): Promise<Chromium> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('There is no Chromium: apt-get install chromium, or set CHROMIUM.');
  const names = hosts.map((host) => `MAP ${host} 127.0.0.1`);
  const rules = [...names, 'MAP * ~NOTFOUND', 'EXCLUDE localhost', 'EXCLUDE 127.0.0.1'];
  const browser = await chromium.launch({
    executablePath,
    timeout: WAIT_TIMEOUT,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${rules.join(', ')}`,
    ],
  });
  return { newDevice: (options) => newDevice(browser, options), close: () => browser.close() };
}

let common: Promise<Chromium> | undefined;

/**
 * Returns the browser that all files of a process share, without further hosts. Playwright ends it with the process.
 */
export function commonChromium(): Promise<Chromium> {
  common ??= launch();
  return common;
}

async function newDevice(browser: Browser, options: DeviceOptions = {}): Promise<BrowserContext> {
  const { userAgent, colorScheme = 'light', width = 1200, height = 900, touch = false, locale = 'en-GB' } = options;
  const device = await browser.newContext({
    ...(userAgent === undefined ? {} : { userAgent }),
    ignoreHTTPSErrors: options.trustsAll === true,
    colorScheme,
    viewport: { width, height },
    hasTouch: touch,
    isMobile: touch,
    locale,
    timezoneId: 'Europe/Berlin',
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
    forcedColors: options.forcedColors === true ? 'active' : 'none',
  });
  device.setDefaultTimeout(WAIT_TIMEOUT);
  return device;
}
