// A real browser for tests: Chromium through playwright-core, which downloads none.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { WAIT_TIMEOUT } from './timeouts.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of an installed Chromium: that of the environment's `CHROMIUM`, else the first one found; or `null`. */
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

/** What a person has before them. */
export interface DeviceOptions {
  readonly userAgent?: string;
  readonly colorScheme?: 'light' | 'dark';
  /** In CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  /** A finger instead of a mouse. */
  readonly touch?: boolean;
  /** BCP 47, what the browser prefers. */
  readonly locale?: string;
  readonly reducedMotion?: boolean;
  readonly forcedColors?: boolean;
  /** Whether it trusts every certificate, as that of a test's own server. */
  readonly trustsAll?: boolean;
}

/** A running browser, whose devices know nothing of each other. */
export interface Chromium {
  /** A device with a jar of its own for cookies: `await device.newPage()`. */
  newDevice(options?: DeviceOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Starts Chromium with a fresh profile. `hosts` are further names for this machine; no other name is looked up. */
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

/** A browser for all files of a process, without further hosts. Playwright ends it with the process. */
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
