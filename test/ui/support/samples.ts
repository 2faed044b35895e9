// Sample rows in the server's format.

export interface RowEnd {
  reason: 'ended' | 'expired' | 'revoked';
  at: number | null;
  by: 'self' | 'other' | null;
  fromDevice: string | null;
  reasonCode: string | null;
}

export interface SampleRow {
  id: string;
  user: string;
  account: string | null;
  kind: string;
  createdAt: number;
  authenticatedAt: number;
  lastUsedAt: number;
  expiresAt: number | null;
  amr: string[];
  device: { label: string; browser: string | null; os: string | null; type: string; ip: string | null };
  client: { id: string; name: string } | null;
  place: string | null;
  current: boolean;
  end: RowEnd | null;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The present time in every page: noon in the page's time zone. A time 25 hours ago is then always yesterday. */
export const NOW: number = Date.UTC(2026, 5, 17, 10);

let count = 0;

/** Returns a live session. `rest` overrides its properties. */
export function sample(
  label: string,
  rest: Partial<Omit<SampleRow, 'device'>> & { type?: string; ip?: string } = {},
): SampleRow {
  const [browser = null, os = null] = label.split(' on ');
  const { type = 'desktop', ip = '203.0.113.7', ...others } = rest;
  const createdAt = others.createdAt ?? NOW - 5 * DAY;
  count++;
  return {
    id: `session-${count}`,
    user: 'u1',
    account: null,
    kind: 'browser',
    createdAt,
    authenticatedAt: createdAt,
    lastUsedAt: createdAt,
    expiresAt: createdAt + 30 * DAY,
    amr: ['pwd'],
    device: { label, browser, os, type, ip },
    client: null,
    place: null,
    current: false,
    end: null,
    ...others,
  };
}

/** Returns the rows of a user with four devices. */
export function fourDevices(): SampleRow[] {
  return [
    sample('Chrome on Mac OS', { current: true, lastUsedAt: NOW, createdAt: NOW - 2 * HOUR, ip: '198.51.100.24' }),
    sample('Safari on iOS', { type: 'mobile', lastUsedAt: NOW - 20_000, createdAt: NOW - 26 * HOUR }),
    sample('Firefox on Windows', {
      lastUsedAt: NOW - 3 * HOUR - MINUTE,
      createdAt: NOW - 5 * DAY,
      ip: '2001:db8::8a2e:370:7334',
    }),
    sample('deploy script', {
      kind: 'api',
      type: 'client',
      lastUsedAt: NOW - 5 * DAY,
      createdAt: NOW - 40 * DAY,
      ip: '192.0.2.44',
    }),
  ];
}

/** Returns ended sessions, one for each way to end. */
export function endedDevices(): SampleRow[] {
  const endOf = (rest: Partial<RowEnd>): RowEnd => ({
    reason: 'ended',
    at: NOW - 2 * HOUR,
    by: null,
    fromDevice: null,
    reasonCode: null,
    ...rest,
  });
  return [
    sample('Edge on Windows', {
      end: endOf({ reasonCode: 'signed-out', by: 'self', fromDevice: 'Firefox on Windows' }),
    }),
    sample('Chrome on Android', {
      type: 'mobile',
      end: endOf({ reason: 'revoked', reasonCode: 'password-changed', at: NOW - 5 * MINUTE }),
    }),
    sample('Safari on iPadOS', { type: 'tablet', end: endOf({ reason: 'expired', at: NOW - 25 * HOUR }) }),
    sample('Opera on Linux', { end: endOf({ reason: 'revoked', by: 'other', at: NOW - 3 * DAY }) }),
    sample('Brave on Linux', { end: endOf({ reasonCode: 'left-the-building', by: 'self' }) }),
    sample('curl', { type: 'client', kind: 'api', end: endOf({ reason: 'revoked', at: null }) }),
  ];
}
