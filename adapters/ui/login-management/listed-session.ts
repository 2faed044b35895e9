/** The fields of a listed session that the card shows. */
export interface ListedSession {
  readonly id: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number | null;
  readonly amr: readonly string[];
  readonly device: ListedDevice;
  /** Name of the app that got the session. */
  readonly client: string | null;
  /** Place of the sign-in, as the app names it. */
  readonly place: string | null;
  readonly current: boolean;
  readonly end: End | null;
}

export interface ListedDevice {
  readonly label: string;
  readonly browser: string | null;
  readonly os: string | null;
  readonly type: string;
  readonly ip: string | null;
}

export interface End {
  readonly reason: string;
  readonly at: number | null;
  readonly by: 'self' | 'other' | null;
  /** Label of the device that ended the session. */
  readonly fromDevice: string | null;
  readonly reasonCode: string | null;
}

export interface Page {
  readonly sessions: readonly ListedSession[];
  readonly cursor: string | null;
}

export interface Policy {
  readonly account: string | null;
  readonly signOut: 'session' | 'everywhere';
  readonly mayChange: boolean;
}

/** Reads a page of sessions. Returns `null` if the body is not a list of sessions, because `src` is wrong. */
export function readPage(body: unknown): Page | null {
  if (!isObject(body) || !Array.isArray(body.sessions)) return null;
  const sessions = body.sessions.map(readSession);
  if (sessions.includes(null)) return null;
  return { sessions: sessions as ListedSession[], cursor: textOf(body.cursor) };
}

export function readPolicy(body: unknown): Policy | null {
  if (!isObject(body)) return null;
  const { signOut, mayChange } = body;
  if ((signOut !== 'session' && signOut !== 'everywhere') || typeof mayChange !== 'boolean') return null;
  return { account: textOf(body.account), signOut, mayChange };
}

function readSession(row: unknown): ListedSession | null {
  if (!isObject(row) || !isObject(row.device)) return null;
  const { id, kind, lastUsedAt, expiresAt, amr, current, end, device, client, place } = row;
  const createdAt = numberOf(row.createdAt);
  if (typeof id !== 'string' || createdAt === null || typeof device.label !== 'string') return null;
  return {
    id,
    kind: textOf(kind) ?? 'browser',
    createdAt,
    lastUsedAt: numberOf(lastUsedAt) ?? createdAt,
    expiresAt: numberOf(expiresAt),
    amr: Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [],
    device: {
      label: device.label,
      browser: textOf(device.browser),
      os: textOf(device.os),
      type: textOf(device.type) ?? 'unknown',
      ip: textOf(device.ip),
    },
    client: isObject(client) ? textOf(client.name) : null,
    place: textOf(place),
    current: current === true,
    end: isObject(end) ? readEnd(end) : null,
  };
}

function readEnd(end: Readonly<Record<string, unknown>>): End {
  return {
    reason: textOf(end.reason) ?? 'ended',
    at: numberOf(end.at),
    by: end.by === 'self' || end.by === 'other' ? end.by : null,
    fromDevice: textOf(end.fromDevice),
    reasonCode: textOf(end.reasonCode),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

// `Intl` throws for larger times.
const MOST = 8.64e15;
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Math.abs(value) <= MOST ? value : null;
