import { SessionError } from '../../../src/index.ts';
import { isReplica, needsClusterClient, refuseReplica } from './failure.ts';
import type { Keys } from './keys.ts';
import type { Server } from './server.ts';
import { isNewEnough, parseInfo, SAFE_POLICY, type ServerInfo } from './server-info.ts';

const NAME = 'session-revocation';
const VERSION = 1;

/** For how long an answer about the server's role is believed, in ms. */
const ROLE_HOLDS = 1000;

/**
 * Makes sure that the server is one to rely on: once before the first question, and again whenever that failed. Whether it
 * is still the primary is asked along with look-ups, at most every second: after a failover, the one that was demoted knows
 * nothing of what is revoked on the new one.
 */
export class Readiness {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #allowEviction: boolean;
  #checked: Promise<void> | null = null;
  #isReady = false;
  #isMarked = false;
  #roleAskedAt = Number.NEGATIVE_INFINITY;

  constructor(server: Server, keys: Keys, allowEviction: boolean) {
    this.#server = server;
    this.#keys = keys;
    this.#allowEviction = allowEviction;
  }

  /** `null` where it is ready, so that nobody has to wait for that. */
  ready(): Promise<void> | null {
    return this.#isReady ? null : this.check();
  }

  /** Checks it now, or joins the check that is under way. */
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
   * Asks for the server's role where that is due, and is to be called right before a question over the same connection. A
   * cluster needs none: its nodes redirect what is not theirs. Nor does a pool, where each question asks it of its own
   * connection. Rejects with `SESSION_STORE_UNSAFE` for a replica.
   */
  role(): Promise<void> | null {
    if (this.#server.isCluster || this.#server.isPool) return null;
    const now = performance.now();
    if (now - this.#roleAskedAt < ROLE_HOLDS) return null;
    this.#roleAskedAt = now;
    return this.#server
      .ask(null, 'ROLE')
      .then(refuseReplica)
      .catch((error: unknown) => {
        this.#roleAskedAt = Number.NEGATIVE_INFINITY;
        throw error;
      });
  }

  async #check(): Promise<void> {
    // The first question also has a cluster's client find its nodes.
    const meta = await this.#readMeta();
    for (const { reply } of await this.#server.askAll('INFO')) {
      checkServer(parseInfo(reply), this.#server.isCluster, this.#allowEviction);
    }
    this.#isMarked = meta !== null;
  }

  /** Says whose the keys are: to be called before the first of them is written. `null` where that stands there. */
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

/** @throws `SESSION_STORE_FOREIGN` or `SESSION_STORE_TOO_NEW`, unless it is ours or not there. */
export function checkMeta(meta: string | null): void {
  if (meta === null) return;
  const [name, version] = meta.split(' ');
  if (name !== NAME || !/^\d{1,9}$/.test(version ?? '')) {
    throw new SessionError(
      'SESSION_STORE_FOREIGN',
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
