import type { AuditRecord, Tag } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { Keys } from '../keys.ts';
import { enterQueue, formatMessage } from '../rows/message.ts';
import { Call } from '../scripts/script.ts';
import { INTEND, INTENTS } from '../scripts/upkeep.ts';
import { APPEND } from '../scripts/verbs.ts';
import { formatEntry, formatRelayed, indexesOf, parseEntry } from './entry.ts';

/**
 * How long after an intent is written its entries may still arrive in the relay, in ms. No client keeps a command
 * waiting for longer.
 */
const SETTLED = 600_000;

const BATCH = 100;

let written = 0;

/**
 * Writes the audit log of each realm. A script writes the audit entries of a change together with the change.
 *
 * On a cluster, the log may be in another slot than the changed data. The script then writes the entries into a relay
 * in its own slot, and the process relays them to the log. If that process ends first, the next process that reads or
 * prunes the log relays them. An intent, written before the change, tells readers which relay to check. An entry that
 * is relayed twice is written once.
 */
export class Journal {
  readonly #server: Server;
  readonly #keys: Keys;
  /** Realms that this process has already added. */
  readonly #known = new Set<Tag>();

  constructor(server: Server, keys: Keys) {
    this.#server = server;
    this.#keys = keys;
  }

  /**
   * Adds entries to the keys and arguments of `call`. Its script writes in the slot of the tag `slot`, and takes the
   * entries by `take_entries`.
   */
  enter(call: Call, slot: Tag, records: readonly AuditRecord[]): void {
    const relay = this.#needsRelay(slot, records);
    call.arg(relay ? 'relay' : 'log');
    if (relay) call.key(this.#keys.relay(slot));
    call.arg(records.length);
    for (const record of records) {
      if (relay) {
        call.arg(formatRelayed(record));
        continue;
      }
      const { realm, keepUntil, entry, message } = record;
      const indexes = indexesOf(this.#keys, record);
      call.key(this.#keys.log(realm), this.#keys.logKeep(realm), ...indexes);
      call.arg(entry.id, entry.at, keepUntil, formatEntry(record), indexes.length, message?.queues.length ?? 0);
      if (message === undefined || message.queues.length === 0) continue;
      for (const queue of message.queues) enterQueue(call, this.#keys, realm, queue);
      const { places, names } = this.#keys.queues(realm);
      call.key(places, names).arg(formatMessage(entry.at, keepUntil, message));
    }
  }

  /**
   * Runs `write`, which calls a script with the entries (see {@link enter}). If they go into a relay, writes the
   * intent before, and relays the entries afterwards.
   */
  async write<T>(slot: Tag, records: readonly AuditRecord[], write: () => Promise<T>): Promise<T> {
    if (records.length === 0) return write();
    const realms = [...new Set(records.map(({ realm }) => realm))];
    await this.#makeKnown(realms);
    if (!this.#needsRelay(slot, records)) return write();

    const intent = JSON.stringify([slot, `${process.pid}.${Date.now()}.${written++}`]);
    await Promise.all(realms.map((realm) => this.#server.run(INTEND, this.#intending(realm, intent))));
    const outcome = await write();
    await this.#relay(slot)
      .then(() => this.#forget(realms, [intent]))
      .catch(() => {});
    return outcome;
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    const realms = [...new Set(records.map(({ realm }) => realm))];
    const calls = realms.map((realm) => {
      const call = new Call();
      this.enter(
        call,
        realm,
        records.filter((record) => record.realm === realm),
      );
      return call;
    });
    await this.#makeKnown(realms);
    await Promise.all(calls.map((call) => this.#server.run(APPEND, call)));
  }

  /** Relays entries that other processes left in relays. */
  async settle(realm: Tag): Promise<void> {
    if (!this.#server.isCluster) return;
    const call = new Call().key(this.#keys.intents(realm)).arg(SETTLED);
    const [intended, old] = (await this.#server.run(INTENTS, call)) as [string[], string[]];
    const slots = new Set(intended.map((intent) => (JSON.parse(intent) as [Tag])[0]));
    await Promise.all([...slots].map((slot) => this.#relay(slot)));
    await this.#forget([realm], old);
  }

  async realms(): Promise<readonly Tag[]> {
    return (await this.#server.ask(this.#keys.realms, 'SMEMBERS', this.#keys.realms)) as Tag[];
  }

  #needsRelay(slot: Tag, records: readonly AuditRecord[]): boolean {
    return this.#server.isCluster && records.some(({ realm }) => realm !== slot);
  }

  #intending(realm: Tag, intent: string): Call {
    return new Call().key(this.#keys.intents(realm)).arg(intent);
  }

  async #makeKnown(realms: readonly Tag[]): Promise<void> {
    const fresh = realms.filter((realm) => !this.#known.has(realm));
    if (fresh.length === 0) return;
    await this.#server.ask(this.#keys.realms, 'SADD', this.#keys.realms, ...fresh);
    for (const realm of fresh) this.#known.add(realm);
  }

  async #relay(slot: Tag): Promise<void> {
    const relay = this.#keys.relay(slot);
    for (let full = true; full; ) {
      const texts = (await this.#server.ask(relay, 'LRANGE', relay, '0', String(BATCH - 1))) as string[];
      if (texts.length === 0) return;
      await this.append(texts.map(parseEntry));
      // Removed by value and not by position, because another process may relay the same entries.
      await Promise.all(texts.map((text) => this.#server.ask(relay, 'LREM', relay, '1', text)));
      full = texts.length === BATCH;
    }
  }

  async #forget(realms: readonly Tag[], intents: readonly string[]): Promise<void> {
    if (intents.length === 0) return;
    await Promise.all(
      realms.map((realm) => {
        const key = this.#keys.intents(realm);
        return this.#server.ask(key, 'ZREM', key, ...intents);
      }),
    );
  }
}
