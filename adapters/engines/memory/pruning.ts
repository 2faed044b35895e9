import { type EpochRecord, type PruneBatch, type Pruned, realmTag } from '../../../src/index.ts';
import type { Contents } from './contents.ts';
import { FIRST_SLOT } from './rows.ts';

/** The most slots and records that one batch passes by, so that it holds up nothing else for more than a millisecond. */
const MOST_PASSED = 10_000;

const SESSIONS = 'sessions';
const RECORDS = 'records';

/** Where a pruning stands: of this stage, all is done but what is below. */
interface Cursor {
  readonly stage: typeof SESSIONS | typeof RECORDS;
  readonly below: number;
}

/**
 * One batch: walks down the slots of the sessions, then down the row of the scopes. Sessions never change their slots,
 * a scope only ever moves downwards, and what is added comes where nobody waits for it; so a pruning ends after one walk
 * over what there was, O(sessions + records) in all, and has met all of it, whoever else adds or prunes meanwhile.
 */
export function prune(contents: Contents, batch: PruneBatch): Pruned {
  const { rows, scopes } = contents;
  const { sessionsBefore, epochsBefore, limit } = batch;
  const realmRecord = realmRecords(contents);
  const done = { sessions: 0, epochs: 0 };
  let { stage, below }: Cursor = batch.after === null ? { stage: SESSIONS, below: rows.end } : parseCursor(batch.after);
  let passing = MOST_PASSED;
  let asking = limit;

  const isDue = (slot: number): boolean => {
    const over = rows.overAt(slot);
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
    scopes.dropIfUnused(scope);
    done.epochs++;
  }
  return { ...done, more: false, after: null };
}

/** Reads the record of a session's realm: once in a batch, since the realms are few. */
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
