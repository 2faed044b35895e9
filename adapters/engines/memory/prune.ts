import { type EpochRecord, type PruneBatch, type Pruned, realmTag } from '../../../src/adapter.ts';
import type { Contents } from './contents.ts';
import { FIRST_SLOT } from './rows/slots.ts';

/** A batch visits at most this many slots and records, so that it blocks the process for at most a millisecond. */
const MAX_PASSED = 10_000;

const SESSIONS = 'sessions';
const RECORDS = 'records';

/** A position of the walk: all slots or scopes from `below` upwards are done in this stage. */
interface Cursor {
  readonly stage: typeof SESSIONS | typeof RECORDS;
  readonly below: number;
}

/**
 * Removes one batch of due sessions, revoked sessions and due records. Walks down all slots, then all scopes. A walk
 * visits everything that existed when it began, even if other calls add or prune meanwhile: sessions never change
 * slots, and scopes only move downwards.
 */
export function prune(contents: Contents, batch: PruneBatch): Pruned {
  const { rows, scopes } = contents;
  const { sessionsBefore, epochsBefore, limit } = batch;
  const realmRecord = realmRecords(contents);
  const done = { sessions: 0, epochs: 0 };
  let { stage, below }: Cursor = batch.after === null ? { stage: SESSIONS, below: rows.end } : parseCursor(batch.after);
  let passing = MAX_PASSED;
  let asking = limit;

  const isDue = (slot: number): boolean => {
    const over = rows.endOf(slot);
    if (over !== null) return over <= sessionsBefore;
    asking--;
    return batch.revoked(contents.found(slot, realmRecord(contents.rows.groupOf(slot).realm)));
  };
  const isFull = (): boolean => passing-- === 0 || asking === 0 || done.sessions + done.epochs === limit;

  if (stage === SESSIONS) {
    while (below > FIRST_SLOT) {
      if (isFull()) return { ...done, more: true, after: formatCursor({ stage, below }) };
      below--;
      if (rows.isFree(below) || !isDue(below)) continue;
      contents.remove(below);
      done.sessions++;
    }
    stage = RECORDS;
    below = scopes.length;
  }
  for (below = Math.min(below, scopes.length); below > 0; ) {
    if (isFull()) return { ...done, more: true, after: formatCursor({ stage, below }) };
    below--;
    const scope = scopes.at(below);
    if (scope === undefined || scope.record === null || scope.keepUntil >= epochsBefore) continue;
    scope.record = null;
    contents.changes.note(scope.tag);
    scopes.dropIfUnused(scope);
    done.epochs++;
  }
  return { ...done, more: false, after: null };
}

function realmRecords({ scopes }: Contents): (realm: string) => EpochRecord | null {
  const read = new Map<string, EpochRecord | null>();
  return (realm) => {
    const known = read.get(realm);
    if (known !== undefined) return known;
    const record = scopes.get(realmTag(realm))?.record ?? null;
    read.set(realm, record);
    return record;
  };
}

const formatCursor = ({ stage, below }: Cursor): string => `${stage}:${below}`;

function parseCursor(text: string): Cursor {
  const [, stage, below] = /^(sessions|records):(\d{1,10})$/.exec(text) ?? [];
  if (stage === undefined || below === undefined) throw new Error('after must be what the last batch gave');
  return { stage: stage as Cursor['stage'], below: Number(below) };
}
