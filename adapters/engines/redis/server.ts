import { SessionError } from '../../../src/index.ts';
import type { Command, Executor, NodeReply, WhenLost } from './client.ts';
import { failureOf, isMoved, isNoScript, refuseReplica } from './failure.ts';
import type { Call, Script } from './script.ts';

/** How many replicas must have what takes something away from somebody, and how long they are waited for. */
export interface Confirmation {
  readonly atLeast: number;
  /** ms. */
  readonly timeout: number;
}

/** The server, or the servers of a cluster: asks, runs scripts, and tells failures by their codes. */
export class Server {
  readonly isCluster: boolean;
  /** See {@link Executor.isPool}. */
  readonly isPool: boolean;
  /** See {@link Executor.whenLost}. */
  readonly whenLost: WhenLost;
  /** See {@link Executor.lacksTimeout}. */
  readonly lacksTimeout: string | null;
  readonly #executor: Executor;
  readonly #confirmation: Confirmation | null;

  constructor(executor: Executor, confirmation: Confirmation | null) {
    this.isCluster = executor.isCluster;
    this.isPool = executor.isPool;
    this.whenLost = executor.whenLost;
    this.lacksTimeout = executor.lacksTimeout;
    this.#executor = executor;
    this.#confirmation = confirmation;
  }

  /** Asks where this key is; `null` is anywhere. */
  ask(key: string | null, ...command: Command): Promise<unknown> {
    return this.#executor.send(key, command).catch(this.#fail);
  }

  /**
   * Asks what only a primary knows for sure. In a pool, each connection is asked for its server's role along with it: one that
   * is tied to a demoted primary would be noticed by nobody else.
   * @throws `SESSION_STORE_UNSAFE` where a pool's connection leads to a replica.
   */
  askPrimary(key: string, ...command: Command): Promise<unknown> {
    if (!this.isPool) return this.ask(key, ...command);
    const asked = this.#executor.sendTogether(key, command, ['ROLE']).catch(this.#fail);
    return asked.then(([reply, role]) => {
      refuseReplica(role);
      return reply;
    });
  }

  /** Asks every primary. */
  askAll(...command: Command): Promise<readonly NodeReply[]> {
    return this.#executor.sendToAll(command).catch(this.#fail);
  }

  /** The strings of keys, which on a cluster lie in one slot: all as of one moment. */
  read(keys: readonly string[]): Promise<readonly (string | null)[]> {
    const [first = null] = keys;
    if (first === null) return Promise.resolve([]);
    return this.askPrimary(first, 'MGET', ...keys) as Promise<(string | null)[]>;
  }

  /** The strings of keys, wherever they are. */
  async readAnywhere(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (!this.isCluster) return this.read(keys);
    const values = await Promise.all(keys.map((key) => this.read([key])));
    return values.map(([value = null]) => value);
  }

  /** Runs a script where its first key is. A number that it answers may come as a text: clients can be told to. */
  run(script: Script, call: Call): Promise<unknown> {
    return this.#evaluate(script, call, (key, command) => this.#executor.send(key, command));
  }

  /**
   * Runs a script that takes something away from somebody, and waits for as many replicas as were asked for, over the
   * connection that wrote: another one would wait for nothing.
   * @throws `SESSION_STORE_UNCONFIRMED` where it was written, and too few have it in time.
   */
  async runForGood(script: Script, call: Call): Promise<unknown> {
    const confirmation = this.#confirmation;
    if (confirmation === null) return this.run(script, call);
    const { atLeast, timeout } = confirmation;
    const wait = ['WAIT', String(atLeast), String(timeout)];
    let confirmed = 0;
    const answer = await this.#evaluate(script, call, async (key, command) => {
      const [reply, replicas] = await this.#sendTogether(key, command, wait);
      confirmed = Number(replicas);
      return reply;
    });
    if (confirmed >= atLeast) return answer;
    throw new SessionError(
      'SESSION_STORE_UNCONFIRMED',
      `it was written, and ${confirmed} of ${atLeast} replicas confirmed it within ${timeout} ms: ` +
        'a failover may lose it. Do it again (after a renewal: sign in again), and look after the replicas',
    );
  }

  /** A cluster's client sends no pipeline again that a node refused, nor learns from it: a question of its own teaches it. */
  async #sendTogether(key: string, first: Command, second: Command): Promise<readonly [unknown, unknown]> {
    try {
      return await this.#executor.sendTogether(key, first, second);
    } catch (error) {
      if (!this.isCluster || !isMoved(error)) throw error;
      await this.#executor.send(key, ['EXISTS', key]);
      return this.#executor.sendTogether(key, first, second);
    }
  }

  async #evaluate(
    { sha, text }: Script,
    { keys, args }: Call,
    send: (key: string, command: Command) => Promise<unknown>,
  ): Promise<unknown> {
    const [first = ''] = keys;
    const rest = [String(keys.length), ...keys, ...args];
    try {
      try {
        return await send(first, ['EVALSHA', sha, ...rest]);
      } catch (error) {
        if (!isNoScript(error)) throw error;
        return await send(first, ['EVAL', text, ...rest]);
      }
    } catch (error) {
      throw failureOf(error, this.isCluster);
    }
  }

  readonly #fail = (error: unknown): never => {
    throw failureOf(error, this.isCluster);
  };
}
