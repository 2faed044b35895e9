import type { SessionDevice } from '../device/device.ts';
import { Columns } from '../lib/columns.ts';
import { DecodeCache } from '../lib/decode-cache.ts';
import { deepFreeze } from '../lib/json.ts';
import type { Attributes } from '../model/attributes.ts';
import type { Federated } from '../model/federated.ts';
import type { Grant } from '../model/grant.ts';
import type { SessionRecord } from '../model/session.ts';
import { memberTag, type Tag } from '../model/token.ts';
import type { Values } from './recollection.ts';

/** The values that many sessions have in common. These sessions share one object. */
interface Common extends Pick<SessionRecord, 'realm' | 'kind' | 'idle' | 'amr' | 'device'> {
  readonly realmTag: Tag;
  readonly realmStamp: string;
}

/** The account of a session. The sessions in an account share one object, as long as their stamps are equal. */
interface Account {
  readonly account: string;
  readonly tag: Tag;
  readonly stamp: string | null;
}

/** The values that few sessions have. Only the address is common. */
interface Rare {
  readonly ip: string | null;
  readonly attributes: Attributes;
  readonly client: Grant | null;
  readonly federated: Federated | null;
  readonly deviceTag: Tag | null;
  /** `null` if the user has not authenticated again since the session was created. */
  readonly authenticatedAt: number | null;
  readonly serial: number;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NOTHING_RARE: Rare = Object.freeze({
  ...{ ip: null, attributes: NO_ATTRIBUTES, client: null, federated: null, deviceTag: null },
  ...{ authenticatedAt: null, serial: 0 },
});

// Bounded, because clients can make up values. A value that is dropped from the pool stays valid in the sessions that use it.
const MAX_COMMON = 2_000;
const MAX_ACCOUNTS = 10_000;
/** In UTF-16 code units. */
const MAX_LENGTH = 2_000;

const CREATED = 0;
const LAST_USED = 1;
const EXPIRES = 2;

class Packed {
  readonly credential: string;
  readonly user: string;
  readonly userTag: Tag;
  readonly userStamp: string;
  readonly memberStamp: string | null;
  readonly common: Common;
  readonly account: Account | null;
  /** A string is the address of a session that has no other rare value. */
  readonly rare: Rare | string | null;

  constructor(own: OwnTexts, common: Common, account: Account | null, rare: Rare | string | null) {
    [this.credential, this.user, this.userTag, this.userStamp, this.memberStamp] = own;
    this.common = common;
    this.account = account;
    this.rare = rare;
  }
}

type OwnTexts = readonly [credential: string, user: string, tag: Tag, stamp: string, memberStamp: string | null];

/** Holds sessions in about a quarter of the memory that their records take. A session with a tombstone must not be put here. */
export class PackedSessions implements Values<SessionRecord> {
  readonly #packed: (Packed | undefined)[] = [];
  readonly #numbers = new Columns(3);
  readonly #common = new DecodeCache<Common>(MAX_COMMON, MAX_LENGTH);
  readonly #accounts = new DecodeCache<Account>(MAX_ACCOUNTS, MAX_LENGTH);

  put(slot: number, record: SessionRecord, [realmTag = '']: readonly Tag[]): void {
    const { credential, user, userTag, stamps, device, attributes, client, federated, deviceTag } = record;
    const { createdAt, serial } = record;
    const authenticatedAt = record.authenticatedAt === createdAt ? null : record.authenticatedAt;
    const isFirst = serial === 0 && authenticatedAt === null;
    const isPlain = client === null && federated === null && deviceTag === null;
    const isUsual = isFirst && isPlain && Object.keys(attributes).length === 0;
    const rare = isUsual
      ? device.ip
      : { ip: device.ip, attributes, client, federated, deviceTag, authenticatedAt, serial };
    // V8 keeps a substring as a reference to the whole text. A round trip through JSON makes own copies.
    const texts: [OwnTexts, Rare | string | null] = JSON.parse(
      JSON.stringify([[credential, user, userTag, stamps.user, stamps.member], rare]),
    );
    this.#packed[slot] = new Packed(
      texts[0],
      this.#commonOf(record, realmTag),
      this.#accountOf(record),
      deepFreeze(texts[1]),
    );
    this.#numbers.set(slot, CREATED, createdAt);
    this.#numbers.set(slot, LAST_USED, record.lastUsedAt);
    this.#numbers.set(slot, EXPIRES, record.expiresAt ?? Infinity);
  }

  get(slot: number, id: string): SessionRecord {
    const { credential, user, userTag, userStamp, memberStamp, common, account, rare } = this.#packed[slot] as Packed;
    const others = typeof rare === 'string' || rare === null ? NOTHING_RARE : rare;
    const { ip, attributes, client, federated, deviceTag, authenticatedAt, serial } = others;
    const address = typeof rare === 'string' ? rare : ip;
    const { realm, realmStamp, kind, idle, amr, device } = common;
    const createdAt = this.#numbers.get(slot, CREATED);
    const expiresAt = this.#numbers.get(slot, EXPIRES);
    return {
      id,
      realm,
      user,
      account: account?.account ?? null,
      userTag,
      accountTag: account?.tag ?? null,
      kind,
      credential,
      serial,
      stamps: { realm: realmStamp, user: userStamp, account: account?.stamp ?? null, member: memberStamp },
      createdAt,
      authenticatedAt: authenticatedAt ?? createdAt,
      lastUsedAt: this.#numbers.get(slot, LAST_USED),
      expiresAt: expiresAt === Infinity ? null : expiresAt,
      idle,
      amr,
      device: address === null ? device : withAddress(device, address),
      deviceTag,
      attributes,
      client,
      federated,
      ended: null,
    };
  }

  tagsOf(slot: number): readonly Tag[] {
    const { userTag, common, account } = this.#packed[slot] as Packed;
    const { realmTag } = common;
    if (account === null) return [realmTag, userTag];
    return [realmTag, userTag, account.tag, memberTag(userTag, account.tag)];
  }

  drop(slot: number): void {
    this.#packed[slot] = undefined;
  }

  #commonOf({ realm, kind, idle, amr, device, stamps }: SessionRecord, realmTag: Tag): Common {
    const common: Common = {
      realm,
      kind,
      idle,
      amr,
      device: { ...device, ip: null },
      realmTag,
      realmStamp: stamps.realm,
    };
    return pooled(this.#common, common);
  }

  #accountOf({ account, accountTag, stamps }: SessionRecord): Account | null {
    if (account === null || accountTag === null) return null;
    return pooled(this.#accounts, { account, tag: accountTag, stamp: stamps.account });
  }
}

function pooled<Value>(pool: DecodeCache<Value>, value: Value): Value {
  const text = JSON.stringify(value);
  return pool.get(text) ?? pool.put(text, JSON.parse(text) as Value);
}

/** Returns a copy of a device with an address. Each caller gets its own copy, so the copy is not frozen. */
const withAddress = ({ label, browser, os, type }: SessionDevice, ip: string): SessionDevice => ({
  label,
  browser,
  os,
  type,
  ip,
});
