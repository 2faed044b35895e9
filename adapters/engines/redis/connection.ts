import { randomBytes } from 'node:crypto';
import { SessionError } from '../../../src/index.ts';
import type { Command, Executor, NodeReply, WhenLost } from './clients/client.ts';
import { isMoved, isNoScript, meaningOf } from './errors.ts';
import { type Confirmation, requirePrimary, standingQuestion } from './replication.ts';
import { OnceScript } from './scripts/once.ts';
import type { Call, Script } from './scripts/script.ts';

export class Server {
  readonly isCluster: boolean;
  readonly isPool: boolean;
  readonly whenLost: WhenLost;
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

  /** Sends a command to the server that has this key; `null` means any server. */
  ask(key: string | null, ...command: Command): Promise<unknown> {
    return this.#executor.send(key, command).catch(this.#fail);
  }

  /**
   * Sends a command to the primary that has this key. In a pool, and on a cluster with the option `replicas`, also asks
   * for the server's state over the same connection. This detects a primary that was demoted or cut off.
   *
   * @throws `SESSION_STORE_UNSAFE` if such a connection leads to a replica; an `Error` if its primary may be cut off.
   */
  askPrimary(key: string, ...command: Command): Promise<unknown> {
    const confirmation = this.#confirmation;
    if (!this.isPool && !(this.isCluster && confirmation !== null)) return this.ask(key, ...command);
    const asked = this.#sendTogether(key, command, standingQuestion(confirmation)).catch(this.#fail);
    return asked.then(([reply, standing]) => {
      requirePrimary(standing, confirmation);
      return reply;
    });
  }

  async askStanding(): Promise<void> {
    requirePrimary(await this.ask(null, ...standingQuestion(this.#confirmation)), this.#confirmation);
  }

  askAll(...command: Command): Promise<readonly NodeReply[]> {
    return this.#executor.sendToAll(command).catch(this.#fail);
  }

  /** Reads the values of keys as one snapshot. On a cluster, all keys must be in one slot. */
  read(keys: readonly string[]): Promise<readonly (string | null)[]> {
    const [first = null] = keys;
    if (first === null) return Promise.resolve([]);
    return this.askPrimary(first, 'MGET', ...keys) as Promise<(string | null)[]>;
  }

  async readAnywhere(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (!this.isCluster) return this.read(keys);
    const values = await Promise.all(keys.map((key) => this.read([key])));
    return values.map(([value = null]) => value);
  }

  /** Runs a script, and returns its reply. The client may be configured to return numbers as strings. */
  run(script: Script, call: Call): Promise<unknown> {
    return this.#evaluate(script, call, (key, command) => this.#executor.send(key, command));
  }

  /**
   * Runs a script that takes something away from a user, and waits for replicas if the option `replicas` is set. WAIT
   * must use the connection of the script, because it waits only for the writes of its own connection.
   *
   * @throws `SESSION_STORE_UNCONFIRMED` if it was written but too few replicas confirmed in time.
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

  /**
   * Sends two commands over one connection. After MOVED, a cluster client does not resend a pipeline. A single command
   * makes it update its slots.
   */
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
    script: Script,
    { keys: named, args }: Call,
    send: (key: string, command: Command) => Promise<unknown>,
  ): Promise<unknown> {
    const { sha, text } = script;
    const [first = ''] = named;
    const keys = script instanceof OnceScript ? [operationKey(first), ...named] : named;
    const rest = [String(keys.length), ...keys, ...args];
    try {
      try {
        return await send(first, ['EVALSHA', sha, ...rest]);
      } catch (error) {
        if (!isNoScript(error)) throw error;
        return await send(first, ['EVAL', text, ...rest]);
      }
    } catch (error) {
      throw meaningOf(error, this.isCluster);
    }
  }

  readonly #fail = (error: unknown): never => {
    throw meaningOf(error, this.isCluster);
  };
}

/** Returns a new key in the slot of another key. It has a `!` after the braces, unlike every key of a session. */
const operationKey = (beside: string): string =>
  `${beside.slice(0, beside.indexOf('}') + 1)}!${randomBytes(8).toString('base64url')}`;
