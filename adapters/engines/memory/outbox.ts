import type { AuditRecord, OutboxChange, OutboxMessage, OutboxPage, OutboxPower, Tag } from '../../../src/adapter.ts';

/** Maximum number of messages in a queue. Beyond it, the queue drops the oldest ones. */
const MAX_MESSAGES = 100_000;

interface Queued extends OutboxMessage {
  /** Grows with each message. */
  readonly place: number;
  readonly keepUntil: number;
}

export const outboxPower = (open: () => { readonly outbox: Outbox }): OutboxPower => ({
  read: (page) => open().outbox.read(page),
  change: (change) => open().outbox.change(change),
  queues: (realm) => open().outbox.queues(realm),
  prune: (before, limit) => open().outbox.prune(before, limit),
});

/** The queues of each realm. A `Map` keeps its entries in the order in which they were added. */
export class Outbox {
  readonly #realms = new Map<Tag, Map<string, Map<string, Queued>>>();
  #places = 0;

  write({ realm, entry: { id, at }, keepUntil, message }: AuditRecord): void {
    for (const queue of message?.queues ?? []) {
      this.#add(realm, queue, { id, at, body: message?.body ?? '', state: '', place: 0, keepUntil });
    }
  }

  read({ realm, queue, after, limit }: OutboxPage): { messages: readonly OutboxMessage[]; after: string | null } {
    const messages: OutboxMessage[] = [];
    const last = after === null ? 0 : Number(after);
    let place = last;
    for (const message of this.#realms.get(realm)?.get(queue)?.values() ?? []) {
      if (message.place <= last) continue;
      if (messages.length === limit) return { messages, after: String(place) };
      const { id, at, body, state } = message;
      messages.push({ id, at, body, state });
      place = message.place;
    }
    return { messages, after: null };
  }

  change({ realm, queue, id, ifState, state, to }: OutboxChange): boolean {
    const messages = this.#realms.get(realm)?.get(queue);
    const message = messages?.get(id);
    if (messages === undefined || message?.state !== ifState) return false;
    if (state !== null && to === undefined) messages.set(id, { ...message, state });
    else this.#remove(realm, queue, id);
    if (state !== null && to !== undefined) this.#add(realm, to, { ...message, state });
    return true;
  }

  queues(realm: Tag): { queue: string; messages: number }[] {
    return [...(this.#realms.get(realm) ?? [])].map(([queue, { size: messages }]) => ({ queue, messages }));
  }

  prune(before: number, limit: number): number {
    let pruned = 0;
    for (const [realm, queues] of this.#realms) {
      for (const [queue, messages] of queues) {
        for (const { id, keepUntil } of messages.values()) {
          if (pruned === limit) return pruned;
          if (keepUntil >= before) continue;
          this.#remove(realm, queue, id);
          pruned++;
        }
      }
    }
    return pruned;
  }

  #add(realm: Tag, queue: string, message: Queued): void {
    const queues = this.#realms.get(realm) ?? new Map<string, Map<string, Queued>>();
    this.#realms.set(realm, queues);
    const messages = queues.get(queue) ?? new Map<string, Queued>();
    queues.set(queue, messages);
    messages.delete(message.id);
    messages.set(message.id, { ...message, place: ++this.#places });
    const [oldest] = messages.keys();
    if (messages.size > MAX_MESSAGES && oldest !== undefined) messages.delete(oldest);
  }

  #remove(realm: Tag, queue: string, id: string): void {
    const queues = this.#realms.get(realm);
    const messages = queues?.get(queue);
    messages?.delete(id);
    if (messages?.size === 0) queues?.delete(queue);
  }
}
