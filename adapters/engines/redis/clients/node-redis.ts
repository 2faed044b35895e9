import type { Command, Executor, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel, NodeReply } from './client.ts';
import { readsReplicas } from './io-redis.ts';

/** Requests plain replies, in place of the client's type mapping. */
const PLAIN = { typeMapping: {} };

interface Multi {
  addCommand(...command: unknown[]): unknown;
  execAsPipeline(): Promise<readonly unknown[]>;
}

async function inPipeline(multi: Multi, commands: readonly unknown[][]): Promise<readonly [unknown, unknown]> {
  for (const command of commands) multi.addCommand(...command);
  const [first, second] = await multi.execAsPipeline();
  return [plain(first), plain(second)];
}

/**
 * Returns the strings in a reply of a pipeline in place of buffers. A pipeline takes no options, so the client's type
 * mapping still applies to its replies.
 */
function plain(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(plain) : reply;
}

export class NodeRedisExecutor implements Executor {
  readonly isCluster = false;
  readonly isPool: boolean;
  readonly whenLost = 'fail';
  readonly lacksTimeout: string | null;
  readonly #client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    this.#client = client;
    if (optionsOf(client).readonly === true) throw readsReplicas('readonly: false');
    this.isPool = 'totalClients' in client;
    const socket = optionsOf(client).socket as { readonly socketTimeout?: unknown } | undefined;
    const isSet = this.isPool || socket?.socketTimeout !== undefined;
    this.lacksTimeout = isSet ? null : 'socket.socketTimeout and pingInterval';
  }

  send(_key: string | null, command: Command): Promise<unknown> {
    return this.#client.sendCommand(command as string[], PLAIN);
  }

  sendTogether(_key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    return inPipeline(this.#client.MULTI() as Multi, [[first], [second]]);
  }

  async sendToAll(command: Command): Promise<readonly NodeReply[]> {
    return [{ node: null, reply: await this.send(null, command) }];
  }
}

export class NodeRedisSentinelExecutor implements Executor {
  readonly isCluster = false;
  // All its connections lead to the one primary that it knows.
  readonly isPool = false;
  readonly whenLost = 'fail';
  readonly lacksTimeout = null;
  readonly #client: NodeRedisSentinel;

  constructor(client: NodeRedisSentinel) {
    this.#client = client;
  }

  send(_key: string | null, command: Command): Promise<unknown> {
    return this.#client.sendCommand(false, command as string[], PLAIN);
  }

  sendTogether(_key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    return inPipeline(this.#client.MULTI() as Multi, [
      [false, first],
      [false, second],
    ]);
  }

  async sendToAll(command: Command): Promise<readonly NodeReply[]> {
    return [{ node: null, reply: await this.send(null, command) }];
  }
}

/** Members of a cluster client that its most general type lacks. */
interface Nodes {
  readonly masters: readonly { readonly address: string }[];
  nodeClient(node: object): Promise<NodeRedisClient>;
}

export class NodeRedisClusterExecutor implements Executor {
  readonly isCluster = true;
  readonly isPool = false;
  readonly whenLost = 'fail';
  readonly lacksTimeout = null;
  readonly #client: NodeRedisCluster;

  constructor(client: NodeRedisCluster) {
    this.#client = client;
    if (optionsOf(client).useReplicas === true) throw readsReplicas('useReplicas: false');
  }

  send(key: string | null, command: Command): Promise<unknown> {
    return this.#client.sendCommand(key ?? undefined, false, command as string[], PLAIN);
  }

  sendTogether(key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    return inPipeline(this.#client.MULTI() as Multi, [
      [key, false, first],
      [key, false, second],
    ]);
  }

  sendToAll(command: Command): Promise<readonly NodeReply[]> {
    const cluster = this.#client as unknown as Nodes;
    return Promise.all(
      cluster.masters.map(async (node) => {
        const client = await cluster.nodeClient(node);
        return { node: node.address, reply: await client.sendCommand(command as string[], PLAIN) };
      }),
    );
  }
}

/** Returns the options of a client. A cluster keeps them under another name than a client of one server. */
const optionsOf = (client: object): Readonly<Record<string, unknown>> => {
  const { options, _options } = client as { readonly options?: unknown; readonly _options?: unknown };
  return (_options ?? options ?? {}) as Record<string, unknown>;
};
