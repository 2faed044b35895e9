import { SessionError } from '../../../src/index.ts';
import type { Command, Executor, IoRedisClient } from './client.ts';

/** A command as `call` takes it. */
type Named = [name: string, ...args: string[]];

/** Asks through ioredis or iovalkey, which find a key's node by themselves. */
export class IoRedisExecutor implements Executor {
  readonly isCluster: boolean;
  readonly isPool = false;
  readonly resends: string | null;
  readonly lacksTimeout: string | null;
  readonly #client: IoRedisClient;

  /** @throws `SESSION_STORE_UNSAFE` for a client that reads from replicas. */
  constructor(client: IoRedisClient) {
    this.#client = client;
    this.isCluster = client.isCluster === true;
    const options = optionsOf(client.options);
    const { scaleReads, readOnly, role, autoResendUnfulfilledCommands } = options;
    const { socketTimeout } = this.isCluster ? optionsOf(options.redisOptions) : options;
    const isSet = socketTimeout !== undefined && socketTimeout !== null;
    this.lacksTimeout = isSet ? null : `${this.isCluster ? 'redisOptions.' : ''}socketTimeout`;
    // Of a cluster, it is how the client follows a failover.
    this.resends = this.isCluster || autoResendUnfulfilledCommands === false ? null : 'autoResendUnfulfilledCommands';
    if (this.isCluster && scaleReads !== undefined && scaleReads !== 'master')
      throw readsReplicas("scaleReads: 'master'");
    if (readOnly === true) throw readsReplicas('readOnly: false');
    if (role === 'slave') throw readsReplicas("role: 'master'");
  }

  send(_key: string | null, command: Command): Promise<unknown> {
    return this.#client.call(...(command as Named));
  }

  async sendTogether(_key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    // A pipeline is written to one connection, and given up as a whole where that breaks.
    const replies = await this.#client
      .pipeline([
        ['call', ...first],
        ['call', ...second],
      ])
      .exec();
    const [one, other] = replies ?? [];
    if (one === undefined || other === undefined) throw new Error('the pipeline was given up');
    const error = one[0] ?? other[0];
    if (error !== null) throw error;
    return [one[1], other[1]];
  }

  sendToAll(command: Command): Promise<readonly unknown[]> {
    const nodes = (this.isCluster && this.#client.nodes?.('master')) || [];
    // Before a cluster's client is connected it knows of none: then any will do, and it connects for that.
    if (nodes.length === 0) return Promise.all([this.send(null, command)]);
    return Promise.all(nodes.map((node) => node.call(...(command as Named))));
  }
}

const optionsOf = (options: unknown): Readonly<Record<string, unknown>> => (options ?? {}) as Record<string, unknown>;

/** A client that is set up to read from replicas. */
export const readsReplicas = (advice: string): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    `the Redis client reads from replicas, which may not know yet what was revoked: give the store one with ${advice}`,
  );
