import type { PolicyPower, PolicyWrite, Tag } from '../../../src/adapter.ts';
import type { Journal } from './audit/journal.ts';
import type { Server } from './connection.ts';
import type { Keys } from './keys.ts';
import { Call } from './scripts/script.ts';
import { SET_POLICY } from './scripts/verbs.ts';

/** The policies of accounts, each in the slot of its account. */
export class Policies implements PolicyPower {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #journal: Journal;

  constructor(server: Server, keys: Keys, journal: Journal) {
    this.#server = server;
    this.#keys = keys;
    this.#journal = journal;
  }

  async get(account: Tag): Promise<string | null> {
    const [value = null] = await this.#server.read([this.#keys.policy(account)]);
    return value;
  }

  async set({ account, value, ifValue, audit }: PolicyWrite): Promise<'set' | 'conflict'> {
    const call = new Call().key(this.#keys.policy(account)).arg(value, ifValue === null ? '0' : '1', ifValue ?? '');
    this.#journal.enter(call, account, audit);
    const written = await this.#journal.write(account, audit, () => this.#server.runForGood(SET_POLICY, call));
    return Number(written) === 1 ? 'set' : 'conflict';
  }
}
