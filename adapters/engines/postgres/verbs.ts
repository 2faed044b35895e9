import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  type EpochRecord,
  type EpochRequest,
  type FoundSession,
  formatEpoch,
  type ListPage,
  membershipOf,
  memberTag,
  type RealmsFound,
  type RecordCache,
  type SessionRef,
  type Tag,
  type Touch,
  type UsersOf,
  type VersionedEpoch,
} from '../../../src/adapter.ts';
import { generationsOf } from '../sql/generation.ts';
import { type MembershipPage, membershipPage } from '../sql/membership-page.ts';
import { markOf, recordOf } from '../sql/session-rows.ts';
import { fromColumn } from '../sql/values.ts';
import type { PostgresRow, PostgresValue } from './clients/client.ts';
import type { Ask, Prepared } from './prepared.ts';
import { checkReading, foundIn, isEarlier, PLACE, pageIn, REALM_RECORD } from './rows.ts';
import { windowOf } from './statements/fragments.ts';
import type { Statements } from './statements/index.ts';
import { entriesOf, parameter, parameters } from './values.ts';

/** Start position of a page: sorts before every session. */
const TOP = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

export class Verbs {
  readonly #ask: Ask;
  readonly #statements: Statements;
  readonly #records: RecordCache;
  readonly #within: boolean;

  /** `within` is true if `ask` runs statements in a transaction of the caller. */
  constructor(ask: Ask, statements: Statements, records: RecordCache, within: boolean) {
    this.#ask = ask;
    this.#statements = statements;
    this.#records = records;
    this.#within = within;
  }

  async readEpochs(tags: readonly Tag[]): Promise<readonly (VersionedEpoch | null)[]> {
    if (tags.length === 0) return [];
    const rows = rowsByTag(await this.#read(this.#statements.readEpochs, [...new Set(tags)]));
    return tags.map((tag) => {
      const row = rows.get(tag);
      return row === undefined ? null : epochOf(this.#records, row);
    });
  }

  /**
   * Usually all records exist and are kept long enough, so nothing is written.
   *
   * In a transaction, the records are locked at once. A later comparison then sees the value that was read, and other writers
   * wait for the commit.
   */
  async ensureEpochs(requests: readonly EpochRequest[]): Promise<readonly VersionedEpoch[]> {
    const { readEpochs, keepEpochs } = this.#statements;
    const tags = [...new Set(requests.map(({ tag }) => tag))];
    const rows = this.#within ? new Map<Tag, PostgresRow>() : rowsByTag(await this.#ask(readEpochs, tags));
    const lacking = requests.filter(({ tag, keepUntil }) => !isKept(rows.get(tag), keepUntil));
    if (lacking.length > 0) {
      // The user's record may be newer by now, which makes earlier reads of memberships too old. Read them again.
      const again = requests.filter(({ tag }) => membershipOf(tag) !== null);
      const kept = rowsByTag(await this.#ask(keepEpochs, keptOf([...lacking, ...again])));
      for (const [tag, row] of kept) rows.set(tag, row);
    }
    return requests.map(({ tag }) => epochOf(this.#records, rows.get(tag)));
  }

  async find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const { findOne, findMany } = this.#statements;
    const [ref] = refs;
    if (ref === undefined) {
      // Runs a lookup without refs, so that it fails when other lookups fail. It returns no row to check.
      await this.#ask(findMany, realm, []);
      return [];
    }
    if (refs.length === 1) {
      const [row] = await this.#read(findOne, realm, ref.id);
      return [foundAs(this.#records, ref, row, recordOf(this.#records, row?.[REALM_RECORD] ?? null, realm))];
    }
    const ids = refs.map(({ id }) => id);
    const rows = await this.#read(findMany, realm, ids);
    const byPlace: PostgresRow[] = [];
    for (const row of rows) byPlace[Number(row[PLACE]) - 1] = row;
    const record = recordOf(this.#records, byPlace[0]?.[REALM_RECORD] ?? null, realm);
    return refs.map((each, at) => foundAs(this.#records, each, byPlace[at], record));
  }

  async list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
    const { account, born, ended, now, after = TOP, limit } = page;
    const generations = generationsOf(page);
    // Reads one row more than the limit, to learn whether rows follow.
    const first = [realm, user, parameter(after.createdAt), after.id, parameter(limit + 1), account ?? null] as const;
    const rows = await (generations === null
      ? this.#read(
          this.#statements.list,
          ...[...first, account === undefined ? '1' : '0', ended ? null : parameter(now)],
          ...[born?.user ?? null, born?.member ?? null],
        )
      : this.#read(this.#statements.listBorn, ...first, parameter(now), generations));
    return { found: pageIn(this.#records, rows.slice(0, limit), realm, user), more: rows.length > limit };
  }

  async end(
    { id, user, account, ifUnusedSince }: EndRef,
    ended: Ended,
    audit: readonly AuditRecord[],
  ): Promise<boolean> {
    const [row] = await this.#ask(
      this.#statements.end,
      ...[id, user, account === undefined ? '1' : '0', account ?? null],
      ...[...parameters(markOf(ended)), parameter(windowOf(ended.at)), entriesOf(audit)],
      parameter(ifUnusedSince ?? null),
    );
    return Number(row?.[0]) > 0;
  }

  async advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    const { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit } = advance;
    const values = [tag, parameter(ifVersion), formatEpoch(record), parameter(keepUntil), entriesOf(audit)];
    if (member !== undefined) values.push(memberTag(tag, member), parameter(ifMemberVersion));
    const rotation = initiator && [initiator.id, initiator.ifCredential, now, initiator.credential, initiator.serial];
    const [row] = await this.#ask(
      this.#statements[`advance${member === undefined ? '' : 'Member'}${initiator === undefined ? '' : 'For'}`],
      ...values,
      ...parameters(rotation ?? []),
    );
    const [matched, advanced] = row ?? [];
    if (Number(advanced) > 0) return 'advanced';
    return Number(matched) > 0 ? 'not-live' : 'conflict';
  }

  /**
   * Reads rows that decide on sessions. In the caller's transaction an older snapshot is allowed, because later writes
   * compare versions. Elsewhere a server that paused for a moment looks the same, so the read is repeated once.
   */
  async #read(statement: Prepared, ...values: PostgresValue[]): Promise<readonly PostgresRow[]> {
    let rows = await this.#ask(statement, ...values);
    if (isEarlier(rows[0])) {
      if (this.#within) return rows;
      rows = await this.#ask(statement, ...values);
    }
    checkReading(rows[0]);
    return rows;
  }
}

function foundAs(
  records: RecordCache,
  ref: SessionRef,
  row: PostgresRow | undefined,
  realm: EpochRecord | null,
): FoundSession | null {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  const found = foundIn(records, row, realm, ref.id);
  if (found === null) return null;
  const { userTag, accountTag } = found.session;
  return userTag === ref.user && (ref.account === undefined || ref.account === accountTag) ? found : null;
}

const rowsByTag = (rows: readonly PostgresRow[]): Map<Tag, PostgresRow> =>
  new Map(rows.filter((row) => row[1] !== null).map((row) => [row[0] as Tag, row]));

function epochOf(records: RecordCache, row: PostgresRow | undefined): VersionedEpoch {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  return { record: records.epoch(row[1] as string), version: Number(row[2]) };
}

/** Returns true if the record exists and is already kept at least until `keepUntil`. */
function isKept(row: PostgresRow | undefined, keepUntil: number | null): boolean {
  if (row === undefined) return false;
  const kept = row[3] === null ? null : Number(row[3]);
  return kept === null || (keepUntil !== null && kept >= keepUntil);
}

/**
 * Encodes records to create or keep, each tag once. Of several requests for a tag, the first creates the record and the
 * longest `keepUntil` counts.
 */
function keptOf(requests: readonly EpochRequest[]): string {
  const rows = new Map<Tag, { tag: Tag; record: string; version: number; keep_until: number | null }>();
  for (const { tag, create, version, keepUntil } of requests) {
    const row = rows.get(tag);
    if (row === undefined) {
      rows.set(tag, { tag, record: formatEpoch(create), version, keep_until: keepUntil });
    } else {
      row.keep_until = row.keep_until === null || keepUntil === null ? null : Math.max(row.keep_until, keepUntil);
    }
  }
  return JSON.stringify([...rows.values()]);
}

/**
 * Waits between attempts for sessions that others have locked, in ms. Each is about as long as one store method takes.
 */
const WAITS: readonly number[] = [2, 5, 15, 40, 100, 200];

/**
 * Records uses. Retries a session that another transaction has locked, for a third of a second in all. A session that
 * stays locked (by a transaction of the app) misses this update. This is harmless: the next use is recorded anyway.
 */
export async function touch(
  ask: Ask,
  statements: Statements,
  touches: readonly Touch[],
  now: () => number,
): Promise<void> {
  for (const round of rounds(touches)) {
    let left = round;
    for (let tries = 0; ; tries++) {
      const [ids, users, times] = [
        left.map(({ id }) => id),
        left.map(({ user }) => user),
        left.map(({ at }) => `${at}`),
      ];
      const locked = await ask(statements.touch, ids, users, times, `${now()}`);
      left = locked.flatMap(([place]) => left[Number(place) - 1] ?? []);
      const wait = WAITS[tries];
      if (left.length === 0 || wait === undefined) break;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Splits touches into rounds with each session once, earlier uses first: one use may make the next valid. */
function rounds(touches: readonly Touch[]): readonly (readonly Touch[])[] {
  const all: Touch[][] = [[]];
  const times = new Map<string, number>();
  for (const each of [...touches].sort((one, other) => one.at - other.at)) {
    const time = times.get(each.id) ?? 0;
    times.set(each.id, time + 1);
    const round = all[time] ?? [];
    round.push(each);
    all[time] = round;
  }
  return all;
}

/**
 * Returns a page of users. Goes from hash to hash of their tags, so the time does not depend on the number of sessions.
 * The cursor is the last hash that was visited. Users of other realms are visited and skipped.
 */
export async function usersOf(
  ask: Ask,
  statements: Statements,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const values = [realm, after, parameter(limit)] as const;
  const rows = await (account === null
    ? ask(statements.users, ...values)
    : ask(statements.members, ...values, account));
  const hashes = new Set(rows.map(([hash]) => String(hash)));
  const users = rows.flatMap(([, tag]) => (tag === null ? [] : [tag as Tag]));
  return { users, after: hashes.size < limit ? null : ([...hashes].at(-1) ?? null) };
}

export async function membershipsOf(
  ask: Ask,
  { memberships }: Statements,
  user: Tag,
  after: string | null,
  limit: number,
): Promise<ReturnType<MembershipPage['answer']>> {
  const page = membershipPage(user, after, limit);
  const rows = await ask(memberships, page.from, page.until, parameter(page.limit));
  return page.answer(rows.map(([tag]) => tag as Tag));
}

/** Returns the realms of the users whose tags have the lowest hashes. */
export async function realmsOf(ask: Ask, { realms }: Statements, limit: number): Promise<RealmsFound> {
  // Reads one row more than the limit, to learn whether users follow.
  const rows = await ask(realms, parameter(limit + 1));
  const looked = rows.reduce((sum, [, users]) => sum + Number(users), 0);
  return { realms: rows.map(([realm]) => fromColumn(String(realm))), complete: looked <= limit };
}
