import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, AuditRequest, Duration, Sessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { onTestFinished } from 'vitest';
import { createDemo, type Mail } from '../../../examples/demo/app.js';
import { codeOf } from '../../../examples/demo/totp.js';
import { Users } from '../../../examples/demo/users.js';
import { firstUsers, type User, writeUsers } from '../../../examples/demo/users-file.js';
import { TestClock } from '../../frameworks/http/site.ts';
import { Device } from './device.ts';
import { type Person, personOf } from './people.ts';
import { CHROME_ON_MAC } from './user-agents.ts';

export { DAY, HOUR, MINUTE } from '../../frameworks/http/site.ts';

export interface SiteOptions {
  readonly pruneEvery?: Duration;
  /** The file of the card. Default: the built one. */
  readonly card?: string;
  /** Further names of the host, for browsers that do not say where a request comes from: those send only `Origin`. */
  readonly hosts?: readonly string[];
  /** Another service on the same database, with the same users and the same clock. */
  readonly beside?: Site;
}

interface SignInOptions {
  readonly remember?: boolean;
  /** The name of the host in the address bar. */
  readonly host?: string;
}

/** One of the five products, served over HTTP from a SQLite file, for the duration of a test. */
export interface Site {
  readonly port: number;
  readonly folder: string;
  /** It stands still until it is moved. */
  readonly clock: TestClock;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly buyers: Sessions | null;
  /** What was sent by e-mail. */
  readonly mails: readonly Mail[];
  /** A browser in which nobody is signed in. */
  newDevice(userAgent?: string, host?: string): Device;
  /** What the sign-in form asks for, right in every part. */
  credentialsOf(person: Person): Record<string, string>;
  /** A new browser in which somebody is signed in. */
  signedIn(person: Person, userAgent?: string, options?: SignInOptions): Promise<Device>;
  /** Signs in on a device; anything but a session is an error. Answers the id of the session. */
  signIn(device: Device, person: Person, options?: SignInOptions): Promise<string>;
  /** The first page of the audit log: all of it, in these tests. */
  audit(request?: AuditRequest): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}

/** Opens the demo as the product of this letter. */
export async function open(product: string, options: SiteOptions = {}): Promise<Site> {
  const { pruneEvery, card, hosts = [], beside } = options;
  const folder = beside?.folder ?? (await newFolder());
  const clock = beside?.clock ?? new TestClock();
  const users = await Users.open(join(folder, 'users.json'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const mails: Mail[] = [];
  const store = sqliteStore(join(folder, 'sessions.db'));
  const { handler, sessions, buyers, close } = createDemo({
    product,
    store,
    users,
    origins: ['localhost', ...hosts].map((host) => `http://${host}:${port}`),
    clock,
    ...(pruneEvery === undefined ? {} : { pruneEvery }),
    ...(card === undefined ? {} : { card }),
    mail: (message) => mails.push(message),
  });
  server.on('request', handler);

  let closed: Promise<unknown> | null = null;
  const site: Site = {
    port,
    folder,
    clock,
    users,
    sessions,
    buyers,
    mails,
    newDevice: (userAgent = CHROME_ON_MAC, host) => new Device(port, userAgent, host),
    credentialsOf(person) {
      const { email, password, totpSecret } = personOf(person);
      return { email, password, code: codeOf(totpSecret, clock.now()) };
    },
    async signedIn(person, userAgent, options = {}) {
      const device = site.newDevice(userAgent, options.host);
      await site.signIn(device, person, options);
      return device;
    },
    async signIn(device, person, { remember = false } = {}) {
      const path = person === 'buyer' ? '/shop/sign-in' : '/sign-in';
      const body = { ...site.credentialsOf(person), ...(remember ? { remember: 'yes' } : {}) };
      const { status, json, text } = await device.post(path, body);
      if (status !== 200) throw new Error(`signing in as ${person} answered ${status} ${text}`);
      return String(json?.id);
    },
    audit: async (request) => (await sessions.audit({ limit: 1000, ...request })).entries,
    async close() {
      closed ??= shutDown();
      await closed;
    },
  };
  async function shutDown(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await close();
  }
  onTestFinished(() => site.close());
  return site;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'session-revocation-acceptance-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFirstUsers(join(folder, 'users.json'));
  return folder;
}

let seed: Promise<readonly User[]> | null = null;

/** The users as they are at the start. Comparing their passwords is not what is tested: here it costs next to nothing. */
export function writeFirstUsers(file: string): Promise<void> {
  seed ??= firstUsers({ N: 2, r: 1, p: 1 });
  return seed.then((users) => writeUsers(file, users));
}
