/**
 * The subset of ioredis (`Redis`, `Cluster`) and of iovalkey, which has the same API, that the store needs. A client
 * that uses Sentinels is a `Redis`, too.
 */
export interface IoRedisClient {
  /**
   * Sends a command to the node that has its keys.
   * @param command the name of the command. In lower case on a cluster.
   * @param args its arguments, in order.
   */
  call(command: string, ...args: string[]): Promise<unknown>;
  /**
   * Returns commands that go over one connection in direct succession.
   * @param commands each a list of a method and its arguments, here `call` with a command.
   */
  pipeline(commands?: unknown[][]): IoRedisPipeline;
  /**
   * Only on a cluster: one client per node.
   * @param role always `'master'`: only the primaries are asked.
   */
  nodes?(role?: 'master'): readonly IoRedisClient[];
  /** True for a `Cluster`. */
  readonly isCluster?: boolean;
  /** The client's options. The store looks in them for time limits, and for reads from replicas. */
  readonly options?: unknown;
}

/** Commands of ioredis that go over one connection. */
export interface IoRedisPipeline {
  /** Sends them, and resolves to an error or a reply for each. */
  exec(): Promise<[error: Error | null, reply: unknown][] | null>;
}

/** The subset of node-redis's `createClient` and `createClientPool` that the store needs. */
export interface NodeRedisClient {
  /**
   * Sends a command.
   * @param command the name of the command and its arguments.
   * @param options the type mapping of the replies: none, for plain replies.
   */
  sendCommand(command: string[], options?: object): Promise<unknown>;
  /** Returns commands that go over one connection. */
  MULTI(): object;
  /** The client's options. The store looks in them for time limits, and for reads from replicas. */
  readonly options?: unknown;
}

/** The subset of node-redis's `createSentinel` that the store needs. */
export interface NodeRedisSentinel {
  /**
   * Sends a command; one that is not read-only goes to the primary.
   * @param isReadonly always `false`: the store reads from the primary, too.
   * @param command the name of the command and its arguments.
   * @param options the type mapping of the replies: none, for plain replies.
   */
  sendCommand(isReadonly: boolean | undefined, command: string[], options?: object): Promise<unknown>;
  /** Returns commands that go over one connection. */
  MULTI(): object;
  /** Present only on this client, so the store recognizes it. */
  getSentinelNode(): unknown;
}

/** The subset of node-redis's `createCluster` that the store needs. */
export interface NodeRedisCluster {
  /**
   * Sends a command to the node that has its first key.
   * @param firstKey the key that decides which node receives the command. `undefined` for any node.
   * @param isReadonly always `false`: the store reads from primaries only.
   * @param command the name of the command and its arguments.
   * @param options the type mapping of the replies: none, for plain replies.
   */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    command: string[],
    options?: object,
  ): Promise<unknown>;
  /** Returns commands that go over one connection. */
  MULTI(): object;
  /** Present only on this client, so the store recognizes it. */
  readonly masters: readonly object[];
}

/** A client that the store accepts. The caller creates, connects and closes it. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisSentinel | NodeRedisCluster;

export type Command = readonly string[];

/**
 * What happens to commands whose answers are lost with a connection. They fail soon (`'fail'`); the client sends them
 * again over a later connection (`'resent'`); or they are never answered (`'unanswered'`).
 */
export type WhenLost = 'fail' | 'resent' | 'unanswered';

export interface NodeReply {
  /** Host and port; `null` if there is only one server. */
  readonly node: string | null;
  readonly reply: unknown;
}

export interface Executor {
  /** Options that would detect a dead connection and are not set. `null` if they are set, or if this is unknown. */
  readonly lacksTimeout: string | null;

  /** What the client does with commands whose answers are lost with a connection, if its options decide that. */
  readonly whenLost: WhenLost;

  readonly isCluster: boolean;

  /** True if each command may use another connection, possibly to a server that was demoted. */
  readonly isPool: boolean;

  /** Sends a command to the primary that has this key; `null` means any primary. */
  send(key: string | null, command: Command): Promise<unknown>;

  /** Sends two commands over the same connection in direct succession, or neither of them. */
  sendTogether(key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]>;

  sendToAll(command: Command): Promise<readonly NodeReply[]>;
}
