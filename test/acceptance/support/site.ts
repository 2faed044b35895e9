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
  /** The file of the login-management card. Default: the built one. */
  readonly card?: string;
  /** Further host names. Browsers that send only `Origin` are accepted from these and from `localhost`. */
  readonly hosts?: readonly string[];
  /** Another service that uses the same database, users and clock. */
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
  /** The clock stands still until the test moves it. */
  readonly clock: TestClock;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly buyers: Sessions | null;
  /** The e-mails that the demo sent. */
  readonly mails: readonly Mail[];
  /** Returns a browser without a signed-in user. */
  newDevice(userAgent?: string, host?: string): Device;
  /** Returns a valid input of the sign-in form. */
  credentialsOf(person: Person): Record<string, string>;
  /** Returns a new browser in which a person is signed in. */
  signedIn(person: Person, userAgent?: string, options?: SignInOptions): Promise<Device>;
  /** Signs in on a device. Returns the id of the session. Throws if no session starts. */
  signIn(device: Device, person: Person, options?: SignInOptions): Promise<string>;
  /** Returns the first page of the audit log. It holds all entries in these tests. */
  audit(request?: AuditRequest): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}

/** Opens the demo as one of the five products. `product` is its letter. */
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

/** Writes the initial users. Their password hashes are cheap to compare, because that is not tested here. */
export function writeFirstUsers(file: string): Promise<void> {
  seed ??= firstUsers({ N: 2, r: 1, p: 1 });
  return seed.then((users) => writeUsers(file, users));
}
