import { SessionError } from '../../../../src/index.ts';
import type { Command, Executor, IoRedisClient, NodeReply, WhenLost } from './client.ts';

type Named = [name: string, ...args: string[]];

export class IoRedisExecutor implements Executor {
  readonly isCluster: boolean;
  readonly isPool = false;
  readonly whenLost: WhenLost;
  readonly lacksTimeout: string | null;
  readonly #client: IoRedisClient;

  constructor(client: IoRedisClient) {
    this.#client = client;
    this.isCluster = client.isCluster === true;
    const options = optionsOf(client.options);
    const { scaleReads, readOnly, role } = options;
    const { socketTimeout } = this.isCluster ? optionsOf(options.redisOptions) : options;
    const isSet = socketTimeout !== undefined && socketTimeout !== null;
    this.lacksTimeout = isSet ? null : `${this.isCluster ? 'redisOptions.' : ''}socketTimeout`;
    // A cluster client resends commands in order to follow failovers, so resending is not reported.
    this.whenLost = this.isCluster ? 'fail' : whenLost(options);
    if (this.isCluster && scaleReads !== undefined && scaleReads !== 'master')
      throw readsReplicas("scaleReads: 'master'");
    if (readOnly === true) throw readsReplicas('readOnly: false');
    if (role === 'slave') throw readsReplicas("role: 'master'");
  }

  send(_key: string | null, command: Command): Promise<unknown> {
    return this.#client.call(...this.#named(command));
  }

  async sendTogether(_key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    // A pipeline goes over one connection, and fails as a whole if that breaks.
    const replies = await this.#client
      .pipeline([
        ['call', ...this.#named(first)],
        ['call', ...this.#named(second)],
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
    // A cluster client knows no nodes before it is connected. A command to any node makes it connect.
    if (nodes.length === 0) return [{ node: null, reply: await this.send(null, command) }];
    return Promise.all(
      nodes.map(async (node) => {
        const { host, port } = optionsOf(node.options);
        return { node: `${host}:${port}`, reply: await node.call(...this.#named(command)) };
      }),
    );
  }

  /** iovalkey's cluster client recognizes keys, and so the node, only in commands with a lower-case name. */
  #named([name = '', ...args]: Command): Named {
    return [this.isCluster ? name.toLowerCase() : name, ...args];
  }
}

const optionsOf = (options: unknown): Readonly<Record<string, unknown>> => (options ?? {}) as Record<string, unknown>;

/**
 * Returns what the client does with pending commands when a connection is lost. Unless `maxRetriesPerRequest` is 0, it
 * resends them on the next connection, or drops them.
 */
function whenLost({ maxRetriesPerRequest, autoResendUnfulfilledCommands }: ReturnType<typeof optionsOf>): WhenLost {
  if (maxRetriesPerRequest === 0) return 'fail';
  return autoResendUnfulfilledCommands === false ? 'unanswered' : 'resent';
}

export const readsReplicas = (advice: string): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    `the Redis client reads from replicas, which may not know yet what was revoked: give the store one with ${advice}`,
  );
