import { membershipOf, memberTag, type Tag } from '../../../src/adapter.ts';

/** Spreads shared indexes over the nodes of a cluster. */
export const BUCKETS = 16;

const PLAIN = /^[\w-]+$/;

/**
 * Encodes a text as part of a key name. A part cannot end the braces around a tag, and different texts give different
 * parts.
 */
const part = (text: string): string =>
  PLAIN.test(text) ? text : `=${Buffer.from(text, 'utf16le').toString('base64url')}`;

/** The inverse of `part`. */
const partOf = (name: string): string =>
  name.startsWith('=') ? Buffer.from(name.slice(1), 'base64url').toString('utf16le') : name;

/** The text in braces determines the slot: all data of one user, account or realm is in one slot. */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A string: the owner of the data, and its version. */
  get meta(): string {
    return `${this.#prefix}meta`;
  }

  /** A set: the tags of the realms that have an audit log. */
  get realms(): string {
    return `${this.#prefix}realms`;
  }

  /** A string: an epoch record. A membership's is in the user's slot. */
  record(tag: Tag): string {
    const membership = membershipOf(tag);
    if (membership !== null) return this.#of(membership.user, `member:${part(membership.account)}`);
    return `${this.#prefix}{${part(tag)}}`;
  }

  /** A sorted set: the accounts in which a user's membership was advanced, by the expiry of its record. */
  memberships(user: Tag): string {
    return this.#of(user, 'memberships');
  }

  session(user: Tag, id: string): string {
    return `${this.#prefix}{${part(user)}}${part(id)}`;
  }

  /** A sorted set: the ids of a user's sessions, by creation. */
  sessions(user: Tag): string {
    return this.#of(user, 'sessions');
  }

  /** A sorted set: the ids of sessions that are over for good, by creation. Sign-ins do not read them. */
  aside(user: Tag): string {
    return this.#of(user, 'aside');
  }

  /**
   * Two sorted sets: users of a bucket who may have sessions in a realm or an account, and when each was announced.
   * Without buckets, the millions of users of a realm would fill one node of a cluster.
   */
  users(group: Tag, bucket: number): MemberIndexKeys {
    return memberIndexKeys(this.#bucket(bucket, `users:${part(group)}`));
  }

  /** The same two sets, for users with sessions that never expire. */
  endless(bucket: number): MemberIndexKeys {
    return memberIndexKeys(this.#bucket(bucket, 'endless'));
  }

  /** A sorted set: users by due date. Before that date, none of their sessions is over by itself. */
  dueSessions(bucket: number): string {
    return this.#bucket(bucket, 'sessions');
  }

  /** A sorted set: records that are not kept forever, by due date. Each is kept at least until that date. */
  dueRecords(bucket: number): string {
    return this.#bucket(bucket, 'records');
  }

  /** Beginning of the names of all markers. No other key begins with it. */
  get markers(): string {
    return `${this.#prefix}changed:{`;
  }

  /**
   * The marker of a tag: a key that scripts write and delete at once when the tag changes. The server then sends its
   * name to the processes that track the prefix.
   */
  marker(tag: Tag): string {
    const { user, account } = membershipOf(tag) ?? { user: tag, account: null };
    return `${this.markers}${part(user)}}${account === null ? '' : part(account)}`;
  }

  /** The tag of a marker. */
  changedBy(marker: string): Tag {
    const [user = '', account = ''] = marker.slice(this.markers.length).split('}').map(partOf);
    return account === '' ? user : memberTag(user, account);
  }

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

  /** A sorted set: the ids of entries with a given property, by their time. */
  logBy(realm: Tag, by: string, ...values: readonly string[]): string {
    return [this.#of(realm, 'log'), by, ...values.map(part)].join(':');
  }

  /** A list: entries to be relayed from a tag's slot to the realm's log. */
  relay(tag: Tag): string {
    return this.#of(tag, 'relay');
  }

  /** A sorted set: the tags whose relay may hold entries for this realm. */
  intents(realm: Tag): string {
    return this.#of(realm, 'intents');
  }

  /** A counter that gives each queued message its place, and a set: the names of the realm's queues that have messages. */
  queues(realm: Tag): { readonly places: string; readonly names: string } {
    return { places: this.#of(realm, 'places'), names: this.#of(realm, 'queues') };
  }

  /** The messages that wait for another system: a sorted set of ids by place, and two hashes by id. */
  queue(realm: Tag, name: string): QueueKeys {
    const [order, messages, states] = ['queue', 'messages', 'states'].map((what) =>
      this.#of(realm, `${what}:${part(name)}`),
    );
    return { order, messages, states } as QueueKeys;
  }

  #of(tag: Tag, what: string): string {
    return `${this.#prefix}{${part(tag)}}:${what}`;
  }

  #bucket(bucket: number, what: string): string {
    return `${this.#prefix}{#${bucket}}:${what}`;
  }
}

export interface QueueKeys {
  readonly order: string;
  readonly messages: string;
  readonly states: string;
}

export interface MemberIndexKeys {
  readonly members: string;
  readonly seen: string;
}

const memberIndexKeys = (members: string): MemberIndexKeys => ({ members, seen: `${members}:seen` });

export function bucketOf(tag: Tag): number {
  let sum = 0;
  for (let at = 0; at < tag.length; at++) sum = (sum * 31 + tag.charCodeAt(at)) % 65_521;
  return sum % BUCKETS;
}
