import type {
  Advance,
  AuditRecord,
  Ended,
  EpochRecord,
  EpochRequest,
  FoundSession,
  ListPage,
  SessionRef,
  Tag,
  VersionedEpoch,
} from '../../../src/index.ts';
import { formatEpoch, parseEpoch } from '../../../src/index.ts';
import { markOf, recordOf } from '../sql/session-row.ts';
import type { PostgresRow, PostgresValue } from './client.ts';
import { windowOf } from './fragments.ts';
import type { Ask, Prepared } from './prepared.ts';
import { allFoundIn, checkReading, foundIn, isEarlier, PLACE, REALM_RECORD } from './reading.ts';
import type { Statements } from './statements.ts';
import { entriesOf, parameter, parameters } from './values.ts';

/** Comes before the youngest session. */
const TOP = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

/** The verbs that also run within a transaction of the caller's. */
export class Verbs {
  readonly #ask: Ask;
  readonly #statements: Statements;
  readonly #within: boolean;

  /** `within` tells whether `ask` asks in a transaction of the caller's. */
  constructor(ask: Ask, statements: Statements, within: boolean) {
    this.#ask = ask;
    this.#statements = statements;
    this.#within = within;
  }

  /**
   * Mostly the records are there and kept for long enough, and nothing is written. In a transaction those that are not only
   * looked at are locked at once: then what is compared later is what was read, and whoever else would write to them waits
   * for the commit.
   */
  async epochs(requests: readonly EpochRequest[]): Promise<readonly (VersionedEpoch | null)[]> {
    const found = new Map<Tag, PostgresRow>();
    const remember = (rows: readonly PostgresRow[]): void => {
      for (const row of rows) if (row[1] !== null) found.set(row[0] as Tag, row);
    };
    const looks = requests.some(({ create }) => create === null);
    const wanted = this.#within ? requests.filter(({ create }) => create === null) : requests;
    const tags = [...new Set(wanted.map(({ tag }) => tag))];
    const { readEpochs, keepEpochs } = this.#statements;
    if (looks) remember(await this.#read(readEpochs, tags));
    else if (!this.#within) remember(await this.#ask(readEpochs, tags));
    const missing = requests.filter(
      ({ tag, create, keepUntil }) => create !== null && !isKept(found.get(tag), keepUntil),
    );
    if (missing.length > 0) remember(await this.#ask(keepEpochs, keptOf(missing)));
    return requests.map(({ tag, create }) => {
      const row = found.get(tag);
      if (row === undefined && create === null) return null;
      return { record: parseEpoch(row?.[1] as string), version: Number(row?.[2]) };
    });
  }

  async find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const { findOne, findMany } = this.#statements;
    const [ref] = refs;
    if (ref === undefined) {
      // Has no row that could tell anything, and fails where the others do.
      await this.#ask(findMany, realm, []);
      return [];
    }
    if (refs.length === 1) {
      const [row] = await this.#read(findOne, realm, ref.id);
      return [foundAs(ref, row, recordOf(row?.[REALM_RECORD] ?? null, realm))];
    }
    const ids = refs.map(({ id }) => id);
    const rows = await this.#read(findMany, realm, ids);
    const byPlace: PostgresRow[] = [];
    for (const row of rows) byPlace[Number(row[PLACE]) - 1] = row;
    const record = recordOf(byPlace[0]?.[REALM_RECORD] ?? null, realm);
    return refs.map((each, at) => foundAs(each, byPlace[at], record));
  }

  async list(
    realm: Tag,
    user: Tag,
    { account, over, now, after = TOP, limit }: ListPage,
  ): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
    const rows = await this.#read(
      this.#statements.list,
      ...[realm, user, parameter(after.createdAt), after.id, account ?? null],
      // One more than wanted, to know whether rows follow.
      ...[over ? null : parameter(now), parameter(limit + 1)],
    );
    return { found: allFoundIn(rows.slice(0, limit)), more: rows.length > limit };
  }

  async end({ id, user, account }: SessionRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    const [row] = await this.#ask(
      this.#statements.end,
      ...[id, user, account === undefined ? '1' : '0', account ?? null],
      ...[...parameters(markOf(ended)), parameter(windowOf(ended.at)), entriesOf(audit)],
    );
    return Number(row?.[0]) > 0;
  }

  async advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    const { record, ifVersion, now, keepUntil, asker, audit } = advance;
    const values = [tag, parameter(ifVersion), formatEpoch(record), parameter(keepUntil), entriesOf(audit)] as const;
    const [row] = await (asker === undefined
      ? this.#ask(this.#statements.advance, ...values)
      : this.#ask(
          this.#statements.advanceFor,
          ...values,
          ...parameters([asker.id, asker.ifHash, now, asker.hash, asker.serial]),
        ));
    const [matched, advanced] = row ?? [];
    if (Number(advanced) > 0) return 'advanced';
    return Number(matched) > 0 ? 'not-live' : 'conflict';
  }

  /**
   * Reads what is judged. In the caller's transaction it is known that it may be of an earlier moment, and the writes
   * compare. Elsewhere a server that was held up for a moment looks the same, once.
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

/** A session, if it is the one that was asked for. */
function foundAs(ref: SessionRef, row: PostgresRow | undefined, realm: EpochRecord | null): FoundSession | null {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  const found = foundIn(row, realm, ref.id);
  if (found === null) return null;
  const { userTag, accountTag } = found.session;
  return userTag === ref.user && (ref.account === undefined || ref.account === accountTag) ? found : null;
}

/** Whether a record is there and kept so long already. */
function isKept(row: PostgresRow | undefined, keepUntil: number | null): boolean {
  if (row === undefined) return false;
  const kept = row[3] === null ? null : Number(row[3]);
  return kept === null || (keepUntil !== null && kept >= keepUntil);
}

/** Records to create or to keep, each once: of several requests for one, the first creates it and the longest counts. */
function keptOf(requests: readonly EpochRequest[]): string {
  const rows = new Map<Tag, { tag: Tag; record: string; version: number; keep_until: number | null }>();
  for (const { tag, create, version, keepUntil } of requests) {
    const row = rows.get(tag);
    if (create === null) continue;
    if (row === undefined) {
      rows.set(tag, { tag, record: formatEpoch(create), version, keep_until: keepUntil });
    } else {
      row.keep_until = row.keep_until === null || keepUntil === null ? null : Math.max(row.keep_until, keepUntil);
    }
  }
  return JSON.stringify([...rows.values()]);
}
