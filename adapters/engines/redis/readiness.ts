import { SessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';
import { isReplica, needsClusterClient } from './errors.ts';
import type { Keys } from './keys.ts';
import { isNewEnough, parseInfo, SAFE_POLICY, type ServerInfo } from './server.ts';
import { lossOnRestart, READS_WHEN_DOWN, settingsOf } from './settings.ts';

const NAME = 'session-revocation';
const VERSION = 1;

export interface Tolerance {
  readonly allowEviction: boolean;
  /** `undefined` warns, once per process. */
  readonly allowLossOnRestart: boolean | undefined;
}

// A registered symbol, so that all builds and entries in one process share one warning.
const WARNED: unique symbol = Symbol.for('session-revocation.loss-on-restart');

/** In ms. */
const ROLE_HOLDS = 1000;

/**
 * Look-ups also check that the server is still the primary, at most once per second: a demoted server does not know the
 * revocations on the new primary.
 */
export class Readiness {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #tolerance: Tolerance;
  #checked: Promise<void> | null = null;
  #isReady = false;
  #isMarked = false;
  #isClosed = false;
  #roleAskedAt = Number.NEGATIVE_INFINITY;

  constructor(server: Server, keys: Keys, tolerance: Tolerance) {
    this.#server = server;
    this.#keys = keys;
    this.#tolerance = tolerance;
  }

  ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    return this.#isReady ? question() : this.check().then(question);
  }

  requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Joins a check that is running. */
  check(): Promise<void> {
    this.#checked ??= this.#check()
      .then(() => {
        this.#isReady = true;
      })
      .finally(() => {
        this.#checked = null;
      });
    return this.#checked;
  }

  /**
   * Call it directly before a request over the same connection. A cluster does not need it: its nodes redirect requests
   * for keys that they do not have. A pool does not need it, either: each request asks on its own connection. Rejects
   * with `SESSION_STORE_UNSAFE` for a replica.
   */
  role(): Promise<void> | null {
    if (this.#server.isCluster || this.#server.isPool) return null;
    const now = performance.now();
    if (now - this.#roleAskedAt < ROLE_HOLDS) return null;
    this.#roleAskedAt = now;
    return this.#server.askStanding().catch((error: unknown) => {
      this.#roleAskedAt = Number.NEGATIVE_INFINITY;
      throw error;
    });
  }

  async #check(): Promise<void> {
    // The first request also makes a cluster client find its nodes.
    const meta = await this.#readMeta();
    const servers = (await this.#server.askAll('INFO')).map(({ reply }) => parseInfo(reply));
    for (const info of servers) checkServer(info, this.#server.isCluster, this.#tolerance.allowEviction);
    if (this.#server.isCluster) refuseReadsWhenDown(await settingsOf(this.#server, READS_WHEN_DOWN));
    await this.#checkDurability(servers);
    this.#isMarked = meta !== null;
  }

  async #checkDurability(servers: readonly ServerInfo[]): Promise<void> {
    const { allowLossOnRestart } = this.#tolerance;
    if (allowLossOnRestart === true) return;
    const settings = await settingsOf(this.#server, 'appendfsync');
    for (const info of servers) {
      const found = settings.includes('no') ? 'no' : undefined;
      const loss = lossOnRestart(info.get('aof_enabled'), found);
      if (loss === null) continue;
      const message =
        `Redis ${loss}, and what was revoked in that time is live again. Set appendonly yes and appendfsync everysec ` +
        'or always, or allowLossOnRestart: true to put up with it';
      if (allowLossOnRestart === false) throw new SessionError('SESSION_STORE_UNSAFE', message);
      return warnOnce(message);
    }
  }

  /** Call it before the first write. Returns `null` if the owner is already recorded. */
  mark(): Promise<void> | null {
    return this.#isMarked ? null : this.#mark();
  }

  async #mark(): Promise<void> {
    await this.#server.ask(this.#keys.meta, 'SET', this.#keys.meta, `${NAME} ${VERSION}`, 'NX');
    this.#isMarked = (await this.#readMeta()) !== null;
  }

  async #readMeta(): Promise<string | null> {
    const meta = (await this.#server.ask(this.#keys.meta, 'GET', this.#keys.meta)) as string | null;
    checkMeta(meta);
    return meta;
  }
}

const closed = (): Error => new Error('the store is closed');

function warnOnce(message: string): void {
  if (Reflect.get(process, WARNED) === true) return;
  Reflect.set(process, WARNED, true);
  process.emitWarning(message, { type: 'SessionRevocationWarning', code: 'SESSION_STORE_LOSS_ON_RESTART' });
}

function refuseReadsWhenDown(settings: readonly string[]): void {
  if (!settings.includes('yes')) return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    `a node of this cluster answers also while it is cut off from the others, where it knows nothing of what they revoke: ` +
      `set ${READS_WHEN_DOWN} no`,
  );
}

function checkServer(info: ServerInfo, isCluster: boolean, allowEviction: boolean): void {
  const version = info.get('redis_version') ?? 'unknown';
  if (!isNewEnough(version)) {
    throw new SessionError('SESSION_STORE_UNSUPPORTED', `Redis is ${version}; the session store needs 6.2 or later`);
  }
  if (info.get('cluster_enabled') === '1' && !isCluster) {
    throw needsClusterClient();
  }
  if (info.get('role') === 'slave') throw isReplica();
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy !== SAFE_POLICY && !allowEviction) {
    throw new SessionError(
      'SESSION_STORE_UNSAFE',
      `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), so that people would be signed out, and ` +
        `suspensions and policies lost: set maxmemory-policy ${SAFE_POLICY}, or allowEviction: true to put up with it`,
    );
  }
}

export function checkMeta(meta: string | null): void {
  if (meta === null) return;
  const [name, version] = meta.split(' ');
  if (name !== NAME || !/^\d{1,9}$/.test(version ?? '')) {
    throw new SessionError(
      'SESSION_STORE_NAME_CONFLICT',
      'the keys under the prefix of the session store are somebody else’s: give redisStore another prefix',
    );
  }
  if (Number(version) > VERSION) {
    throw new SessionError(
      'SESSION_STORE_TOO_NEW',
      `the keys under the prefix of the session store are of version ${version}; this one knows up to ${VERSION}: upgrade it`,
    );
  }
}
