import { SessionError } from '../../../src/index.ts';
import type { Command, Executor, IoRedisClient, NodeReply, WhenLost } from './client.ts';

/** A command as `call` takes it. */
type Named = [name: string, ...args: string[]];

/** Asks through ioredis or iovalkey, which find a key's node by themselves. */
export class IoRedisExecutor implements Executor {
  readonly isCluster: boolean;
  readonly isPool = false;
  readonly whenLost: WhenLost;
  readonly lacksTimeout: string | null;
  readonly #client: IoRedisClient;

  /** @throws `SESSION_STORE_UNSAFE` for a client that reads from replicas. */
  constructor(client: IoRedisClient) {
    this.#client = client;
    this.isCluster = client.isCluster === true;
    const options = optionsOf(client.options);
    const { scaleReads, readOnly, role } = options;
    const { socketTimeout } = this.isCluster ? optionsOf(options.redisOptions) : options;
    const isSet = socketTimeout !== undefined && socketTimeout !== null;
    this.lacksTimeout = isSet ? null : `${this.isCluster ? 'redisOptions.' : ''}socketTimeout`;
    // That a cluster's client sends again is how it follows a failover.
    this.whenLost = this.isCluster ? 'fail' : whenLost(options);
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

  async sendToAll(command: Command): Promise<readonly NodeReply[]> {
    const nodes = (this.isCluster && this.#client.nodes?.('master')) || [];
    // Before a cluster's client is connected it knows of none: then any will do, and it connects for that.
    if (nodes.length === 0) return [{ node: null, reply: await this.send(null, command) }];
    return Promise.all(
      nodes.map(async (node) => {
        const { host, port } = optionsOf(node.options);
        return { node: `${host}:${port}`, reply: await node.call(...(command as Named)) };
      }),
    );
  }
}

const optionsOf = (options: unknown): Readonly<Record<string, unknown>> => (options ?? {}) as Record<string, unknown>;

/**
 * With any other number of retries, what was under way when a connection ended is kept for the next one: to be sent again, or
 * else to be dropped there without an answer.
 */
function whenLost({ maxRetriesPerRequest, autoResendUnfulfilledCommands }: ReturnType<typeof optionsOf>): WhenLost {
  if (maxRetriesPerRequest === 0) return 'fail';
  return autoResendUnfulfilledCommands === false ? 'unanswered' : 'resent';
}

/** A client that is set up to read from replicas. */
export const readsReplicas = (advice: string): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    `the Redis client reads from replicas, which may not know yet what was revoked: give the store one with ${advice}`,
  );
