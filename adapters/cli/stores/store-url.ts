import { fileURLToPath } from 'node:url';
import { Refusal } from '../errors.ts';

/** URL parameters that are options of the store. All others are the driver's. */
const SETTINGS = {
  postgres: ['schema', 'prefix', 'prepare'],
  mysql: ['prefix'],
  redis: ['prefix', 'replicas', 'allowEviction'],
} as const;

export type StoreSettings = {
  readonly [Name in (typeof SETTINGS)[keyof typeof SETTINGS][number]]?: string | undefined;
};

export interface SqliteUrl {
  readonly engine: 'sqlite';
  readonly file: string;
  readonly name: string;
}

export interface ServerUrl<Engine extends 'postgres' | 'mysql' | 'redis'> {
  readonly engine: Engine;
  /** For the driver, without the store's options. */
  readonly url: URL;
  readonly settings: StoreSettings;
  /** For display: without user, password and the driver's parameters. */
  readonly name: string;
}

export interface ClusterUrl {
  readonly engine: 'redis-cluster';
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  readonly settings: StoreSettings;
  readonly name: string;
}

export type StoreUrl = SqliteUrl | ServerUrl<'postgres'> | ServerUrl<'mysql'> | ServerUrl<'redis'> | ClusterUrl;

const ENGINES: Readonly<Record<string, 'postgres' | 'mysql' | 'redis'>> = {
  ...{ 'postgres:': 'postgres', 'postgresql:': 'postgres' },
  ...{ 'mysql:': 'mysql', 'mariadb:': 'mysql' },
  ...{ 'redis:': 'redis', 'rediss:': 'redis' },
};

const FORMS =
  'sqlite:sessions.db, postgres://user@host/database?schema=…, mysql://user@host/database?prefix=…, ' +
  'redis://host:6379?prefix=… or redis+cluster://host:6379,host:6380';

/** Parses the URL of a store. Errors never quote the URL, because it may hold a password. */
export function parseStoreUrl(text: string | undefined): StoreUrl {
  if (text === undefined || text === '') {
    throw new Refusal(`the store is missing: set SESSION_STORE_URL, or give --store, such as ${FORMS}`);
  }
  // A single letter is a drive of Windows, not a scheme.
  const scheme = /^([a-z][a-z\d+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'sqlite' || scheme === 'file') return sqlite(text, scheme);
  if (scheme === 'redis+cluster' || scheme === 'rediss+cluster') return cluster(text, scheme);
  const engine = ENGINES[`${scheme}:`];
  if (engine === undefined) throw new Refusal(`--store begins with the unknown scheme ${scheme}:; write ${FORMS}`);
  if (!isUrl(text)) {
    throw new Refusal(
      '--store is not a valid URL: in a user or a password, write / as %2F, @ as %40, % as %25, and so on',
    );
  }
  const url = new URL(text);
  if (engine === 'redis') checkDatabase(url);
  const settings = takeSettings(url.searchParams, engine);
  return { engine, url, settings, name: `${url.protocol}//${url.host}${url.pathname}${textOf(settings)}` };
}

function sqlite(text: string, scheme: string | undefined): SqliteUrl {
  const file = fileOf(text, scheme);
  if (file === '') throw new Refusal('--store names no file: write sqlite:sessions.db');
  if (file === ':memory:') throw new Refusal('--store is :memory:, which is empty at every start: name a file');
  return { engine: 'sqlite', file, name: `sqlite:${file}` };
}

function fileOf(text: string, scheme: string | undefined): string {
  if (scheme === undefined) return text;
  const rest = text.slice(scheme.length + 1);
  if (!rest.startsWith('//')) return rest;
  // `sqlite://sessions.db` is a relative path, and a third slash begins an absolute path, as in other tools.
  if (scheme === 'sqlite') return rest.slice(2);
  if (URL.canParse(text) && new URL(text).host === '') return fileURLToPath(text);
  throw new Refusal('--store is a file: of another machine; write file:sessions.db or file:///srv/sessions.db');
}

/** Accepts a database only in the form that all drivers understand. Most drivers read any other form as database 0. */
function checkDatabase({ pathname, searchParams }: URL): void {
  if (/^\/?\d*$/.test(pathname) && !searchParams.has('db')) return;
  throw new Refusal(
    '--store does not name a database of Redis: write its number after the host, as in redis://host:6379/1',
  );
}

const DEFAULT_REDIS_PORT = 6379;

/** Parses the URL of a cluster by hand, because a URL with several hosts is not valid. */
function cluster(text: string, scheme: string): ClusterUrl {
  const [, user, hosts = '', query = ''] = /^[^:]+:\/\/(?:(.*)@)?([^@/?]+)\/?(?:\?(.*))?$/s.exec(text) ?? [];
  const login = `redis://${user === undefined ? '' : `${user}@`}host`;
  const nodes = hosts.split(',').map((host) => `redis://${host}`);
  if (hosts === '' || ![login, ...nodes].every(isUrl)) {
    throw new Refusal(
      '--store is not a valid URL of a cluster: write redis+cluster://user:password@host:6379,host:6380?prefix=…',
    );
  }
  const { username, password } = new URL(login);
  const settings = takeSettings(new URLSearchParams(query), 'redis');
  return {
    engine: 'redis-cluster',
    nodes: nodes.map((node) => {
      const { hostname, port } = new URL(node);
      return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? DEFAULT_REDIS_PORT : Number(port) };
    }),
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    tls: scheme.startsWith('rediss'),
    settings,
    name: `${scheme}://${hosts}${textOf(settings)}`,
  };
}

function isUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, hostname, pathname } = new URL(text);
  try {
    return decodeURIComponent(username + password + hostname + pathname) !== '';
  } catch {
    return false;
  }
}

/** Removes the store's options from the driver's parameters. */
function takeSettings(parameters: URLSearchParams, engine: keyof typeof SETTINGS): StoreSettings {
  const settings: Record<string, string> = {};
  for (const name of SETTINGS[engine]) {
    const value = parameters.get(name);
    if (value !== null) settings[name] = value;
    parameters.delete(name);
  }
  return settings;
}

function textOf(settings: StoreSettings): string {
  const text = new URLSearchParams(settings as Record<string, string>).toString();
  return text === '' ? '' : `?${text}`;
}

export function switchOf(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Refusal(`--store has ${name}=${text}; allowed are true and false`);
}

export function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new Refusal(`--store has ${name}=${text}; allowed are whole numbers from 0 to 999`);
}
