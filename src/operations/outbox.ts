import type { Core } from '../core/context.ts';
import type { OutboxChange, OutboxMessage, OutboxPower } from '../store/powers.ts';
import { requirePower } from '../store/require-power.ts';

/** A page of a queue: see {@link RealmOutbox.read}. */
export interface OutboxMessages {
  /** The messages, the oldest first. */
  readonly messages: readonly OutboxMessage[];
  /** The position of the next page; `null` at the end. */
  readonly after: string | null;
}

/** The messages of one realm that wait for other systems. Transmitters and the command line use it. */
export class RealmOutbox {
  readonly #core: Core;
  readonly #power: OutboxPower;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
    this.#power = requirePower(core.store, 'outbox');
  }

  /** The queues that `createSessions` writes to: the option `audit.outbox`. */
  get queues(): readonly string[] {
    return this.#core.settings.audit?.outbox ?? [];
  }

  /**
   * Reads messages of a queue, the oldest first.
   * @param queue the name of the queue.
   * @param limit the maximum number of messages.
   * @param after the position of the previous page. Default: the front of the queue.
   */
  read(queue: string, limit: number, after: string | null = null): Promise<OutboxMessages> {
    const { activity, realmTag: realm } = this.#core;
    return activity.run(async () => this.#power.read({ realm, queue, after, limit }));
  }

  /**
   * Changes a message if its state is still the one that was read. Returns `false` if it is not.
   * @param change the message, its new state, and the queue to move it to.
   */
  change(change: Omit<OutboxChange, 'realm'>): Promise<boolean> {
    const { activity, realmTag: realm } = this.#core;
    return activity.run(async () => this.#power.change({ ...change, realm }));
  }

  /** Counts the messages of each queue that has any. */
  count(): Promise<ReadonlyMap<string, number>> {
    const { activity, realmTag } = this.#core;
    return activity.run(async () => {
      const found = await this.#power.queues(realmTag);
      return new Map(found.map(({ queue, messages }) => [queue, messages]));
    });
  }
}
