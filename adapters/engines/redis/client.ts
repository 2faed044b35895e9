/**
 * What the store needs of ioredis (`Redis`, `Cluster`) and of iovalkey, which has the same API. A client that follows
 * Sentinels is a `Redis`, too.
 */
export interface IoRedisClient {
  /** Sends a command, to the node that has its keys. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Commands that go over one connection, one right after the other. */
  pipeline(commands?: unknown[][]): IoRedisPipeline;
  /** Only of a cluster: one client per node. */
  nodes?(role?: 'master'): readonly IoRedisClient[];
  readonly isCluster?: boolean;
  readonly options?: unknown;
}

/** Commands of ioredis that go over one connection. */
export interface IoRedisPipeline {
  /** Sends them, and resolves to an error or a reply of each. */
  exec(): Promise<[error: Error | null, reply: unknown][] | null>;
}

/** What the store needs of node-redis: `createClient`, and `createClientPool`. */
export interface NodeRedisClient {
  /** Sends a command. */
  sendCommand(command: string[], options?: object): Promise<unknown>;
  /** Commands that go over one connection. */
  MULTI(): object;
  readonly options?: unknown;
}

/** What the store needs of node-redis: `createSentinel`. */
export interface NodeRedisSentinel {
  /** Sends a command, where it is not for reading alone to the primary. */
  sendCommand(isReadonly: boolean | undefined, command: string[], options?: object): Promise<unknown>;
  /** Commands that go over one connection. */
  MULTI(): object;
  /** Tells it from the others. */
  getSentinelNode(): unknown;
}

/** What the store needs of node-redis: `createCluster`. */
export interface NodeRedisCluster {
  /** Sends a command to the node that has its first key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    command: string[],
    options?: object,
  ): Promise<unknown>;
  /** Commands that go over one connection. */
  MULTI(): object;
  /** Tells it from the others. */
  readonly masters: readonly object[];
}

/** A client that the store takes as it is. The caller made it, connects it and closes it. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisSentinel | NodeRedisCluster;

/** A command as it goes over the wire, its name first. */
export type Command = readonly string[];

/**
 * What becomes of commands whose answers are lost with a connection: they fail at once; they are sent again, though they may
 * have been done; or nobody ever answers them.
 */
export type WhenLost = 'fail' | 'resent' | 'unanswered';

/** What one of several servers answered. */
export interface NodeReply {
  /** Its host and port; `null` where there is but one server. */
  readonly node: string | null;
  readonly reply: unknown;
}

/** Whatever the client is, this is how the store asks. */
export interface Executor {
  /**
   * The options by which the client would notice a connection whose other end is gone without a word; `null` where they are
   * set, or nobody can tell.
   */
  readonly lacksTimeout: string | null;

  /** What the client makes of commands whose answers are lost with a connection, where its options could have it otherwise. */
  readonly whenLost: WhenLost;

  /** Whether keys are spread over several servers. */
  readonly isCluster: boolean;

  /** Whether any question may go over another connection, each of them to a server that may have been demoted. */
  readonly isPool: boolean;

  /** Asks the primary that has this key, or any primary where it is `null`. */
  send(key: string | null, command: Command): Promise<unknown>;

  /** Asks two things over the same connection, one right after the other, or neither of them. */
  sendTogether(key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]>;

  /** Asks every primary. */
  sendToAll(command: Command): Promise<readonly NodeReply[]>;
}
