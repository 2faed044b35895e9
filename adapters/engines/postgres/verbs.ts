import type {
  Advance,
  AuditRecord,
  Ended,
  EpochRequest,
  FoundSession,
  ListPage,
  SessionRef,
  Tag,
  VersionedEpoch,
} from '../../../src/index.ts';
import { formatEpoch, parseEpoch } from '../../../src/index.ts';
import { markOf } from '../sql/session-row.ts';
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
   * Mostly the records are there and kept for long enough, and nothing is written. In a transaction they are locked at
   * once: then what is compared later is what was read, and whoever else would write to them waits for the commit.
   */
  async epochs(requests: readonly EpochRequest[]): Promise<readonly VersionedEpoch[]> {
    const tags = [...new Set(requests.map(({ tag }) => tag))];
    const found = new Map<Tag, PostgresRow>();
    const remember = (rows: readonly PostgresRow[]): void => {
      for (const row of rows) found.set(row[0] as Tag, row);
    };
    if (!this.#within) remember(await this.#ask(this.#statements.readEpochs, tags));
    const missing = requests.filter(({ tag, keepUntil }) => !isKept(found.get(tag), keepUntil));
    if (missing.length > 0) remember(await this.#ask(this.#statements.keepEpochs, keptOf(missing)));
    return requests.map(({ tag }) => {
      const [, record, version] = found.get(tag) ?? [];
      return { record: parseEpoch(record as string), version: Number(version) };
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
      return [foundAs(ref, row)];
    }
    const ids = refs.map(({ id }) => id);
    const rows = await this.#read(findMany, realm, ids);
    const byPlace: PostgresRow[] = [];
    for (const row of rows) byPlace[Number(row[PLACE]) - 1] = row;
    const record = byPlace[0]?.[REALM_RECORD];
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
function foundAs(ref: SessionRef, row: PostgresRow | undefined, realm?: unknown): FoundSession | null {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  const found = foundIn(row, realm);
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
    if (row === undefined) {
      rows.set(tag, { tag, record: formatEpoch(create), version, keep_until: keepUntil });
    } else {
      row.keep_until = row.keep_until === null || keepUntil === null ? null : Math.max(row.keep_until, keepUntil);
    }
  }
  return JSON.stringify([...rows.values()]);
}
