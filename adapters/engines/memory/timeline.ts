import { NONE, type Rows } from './rows.ts';

/**
 * The sessions of one user by age, as a treap: a search tree by `createdAt`, then `id`, that is also a heap by a number
 * that is as good as random, which keeps it about `2 ln n` deep whatever the order of insertion. Finding a place,
 * inserting and removing are O(log n), also where all sessions began in the same millisecond or a clock went back.
 * The tree lives in two columns of {@link Rows}; whoever holds its root holds the user's sessions.
 */
export interface Place {
  readonly createdAt: number;
  readonly id: string;
}

const OLDER = 0;
const YOUNGER = 1;

/** @returns the new root. */
export function insert(rows: Rows, root: number, slot: number): number {
  return insertAt(rows, root, slot, placeOf(rows, slot));
}

/** @returns the new root. */
export function remove(rows: Rows, root: number, slot: number): number {
  return removeAt(rows, root, slot, placeOf(rows, slot));
}

/** The slots from the youngest on, or from the one that follows a place. Nothing may be inserted or removed meanwhile. */
export function* youngestFirst(rows: Rows, root: number, after?: Place): Generator<number, void, undefined> {
  const waiting: number[] = [];
  const descend = (from: number): void => {
    for (let slot = from; slot !== NONE; ) {
      const wanted = after === undefined || compare(rows, slot, after) < 0;
      if (wanted) waiting.push(slot);
      slot = rows.link(slot, wanted ? YOUNGER : OLDER);
    }
  };
  descend(root);
  for (let slot = waiting.pop(); slot !== undefined; slot = waiting.pop()) {
    yield slot;
    descend(rows.link(slot, OLDER));
  }
}

const placeOf = (rows: Rows, slot: number): Place => ({ createdAt: rows.createdAt(slot), id: rows.idOf(slot) });

/** Negative where the session in the slot is older than the place, positive where it is younger. */
function compare(rows: Rows, slot: number, { createdAt, id }: Place): number {
  const own = rows.createdAt(slot);
  if (own !== createdAt) return own - createdAt;
  const ownId = rows.idOf(slot);
  return ownId === id ? 0 : ownId < id ? -1 : 1;
}

/** The slot's number, well stirred (the finalizer of MurmurHash3): no two slots have the same. */
function priority(slot: number): number {
  let hash = slot;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function insertAt(rows: Rows, root: number, slot: number, place: Place): number {
  if (root !== NONE && priority(root) > priority(slot)) {
    const side = compare(rows, root, place) < 0 ? YOUNGER : OLDER;
    rows.setLink(root, side, insertAt(rows, rows.link(root, side), slot, place));
    return root;
  }
  const [older, younger] = split(rows, root, place);
  rows.setLink(slot, OLDER, older);
  rows.setLink(slot, YOUNGER, younger);
  return slot;
}

/** Takes a tree apart into what is older than a place and what is younger. */
function split(rows: Rows, root: number, place: Place): [older: number, younger: number] {
  if (root === NONE) return [NONE, NONE];
  if (compare(rows, root, place) < 0) {
    const [older, younger] = split(rows, rows.link(root, YOUNGER), place);
    rows.setLink(root, YOUNGER, older);
    return [root, younger];
  }
  const [older, younger] = split(rows, rows.link(root, OLDER), place);
  rows.setLink(root, OLDER, younger);
  return [older, root];
}

function removeAt(rows: Rows, root: number, slot: number, place: Place): number {
  if (root === slot) return join(rows, rows.link(slot, OLDER), rows.link(slot, YOUNGER));
  const side = compare(rows, root, place) < 0 ? YOUNGER : OLDER;
  rows.setLink(root, side, removeAt(rows, rows.link(root, side), slot, place));
  return root;
}

/** Puts together two trees, one wholly older than the other. */
function join(rows: Rows, older: number, younger: number): number {
  if (older === NONE) return younger;
  if (younger === NONE) return older;
  if (priority(older) > priority(younger)) {
    rows.setLink(older, YOUNGER, join(rows, rows.link(older, YOUNGER), younger));
    return older;
  }
  rows.setLink(younger, OLDER, join(rows, older, rows.link(younger, OLDER)));
  return younger;
}
