import type { Tag } from '../../../src/index.ts';

/** Over how many keys the dates are spread that are nobody's own: on a cluster, over its nodes. */
export const BUCKETS = 16;

const PLAIN = /^[\w-]+$/;

/** A part of a key. Nothing in it can end a hash tag, or be taken for another part. */
const part = (text: string): string =>
  PLAIN.test(text) ? text : `=${Buffer.from(text, 'utf16le').toString('base64url')}`;

/**
 * The names of all keys. What stands in braces says the slot: the tag of a user, an account or a realm, so that all that
 * belongs to one of them lies together.
 */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Says whose data this is, and of which version. */
  get meta(): string {
    return `${this.#prefix}meta`;
  }

  /** A set: the tags of the realms that have an audit log. */
  get realms(): string {
    return `${this.#prefix}realms`;
  }

  /** A string: the epoch record of a realm, an account or a user. */
  record(tag: Tag): string {
    return `${this.#prefix}{${part(tag)}}`;
  }

  /** A string: a session. */
  session(user: Tag, id: string): string {
    return `${this.#prefix}{${part(user)}}${part(id)}`;
  }

  /** A sorted set: the ids of a user's sessions, by creation. */
  sessions(user: Tag): string {
    return this.#of(user, 'sessions');
  }

  /** Two sorted sets: the tags of those who may have sessions in a realm or an account, and when each was announced. */
  users(group: Tag): RosterKeys {
    return rosterKeys(this.#of(group, 'users'));
  }

  /** The same: who may have sessions that are never over by themselves. */
  endless(bucket: number): RosterKeys {
    return rosterKeys(this.#bucket(bucket, 'endless'));
  }

  /** A sorted set: users, by a time before which none of their sessions is over by itself. */
  dueSessions(bucket: number): string {
    return this.#bucket(bucket, 'sessions');
  }

  /** A sorted set: records that are not kept for ever, by a time until which they are at least. */
  dueRecords(bucket: number): string {
    return this.#bucket(bucket, 'records');
  }

  /** A string: an account's policy. */
  policy(account: Tag): string {
    return this.#of(account, 'policy');
  }

  /** A hash: the entries of a realm's audit log. */
  log(realm: Tag): string {
    return this.#of(realm, 'log');
  }

  /** A sorted set: the ids of entries, by the time until which they are kept. */
  logKeep(realm: Tag): string {
    return this.#of(realm, 'log:keep');
  }

  /** A sorted set: the ids of the entries that are found by something, by their time. */
  logBy(realm: Tag, by: string, ...values: readonly string[]): string {
    return [this.#of(realm, 'log'), by, ...values.map(part)].join(':');
  }

  /** A list: entries on their way from a tag's slot to the realm's log. */
  outbox(tag: Tag): string {
    return this.#of(tag, 'outbox');
  }

  /** A sorted set: whose outbox may hold entries for this realm. */
  intents(realm: Tag): string {
    return this.#of(realm, 'intents');
  }

  #of(tag: Tag, what: string): string {
    return `${this.#prefix}{${part(tag)}}:${what}`;
  }

  #bucket(bucket: number, what: string): string {
    return `${this.#prefix}{#${bucket}}:${what}`;
  }
}

/** The keys of a roster. */
export interface RosterKeys {
  readonly members: string;
  readonly seen: string;
}

const rosterKeys = (members: string): RosterKeys => ({ members, seen: `${members}:seen` });

/** The bucket of a tag. */
export function bucketOf(tag: Tag): number {
  let sum = 0;
  for (let at = 0; at < tag.length; at++) sum = (sum * 31 + tag.charCodeAt(at)) % 65_521;
  return sum % BUCKETS;
}
