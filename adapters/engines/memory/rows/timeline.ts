import type { Rows } from './rows.ts';
import { NONE } from './slots.ts';

/**
 * Position in a tree of one user's sessions by age.
 *
 * The tree is a treap: a search tree by `createdAt`, then `id`, and also a heap by a pseudo-random number. This keeps
 * it about `2 ln n` deep in any order of insertion, even if all sessions began in the same millisecond or a clock went
 * back. Two columns of {@link Rows} hold the links.
 */
export interface Place {
  readonly createdAt: number;
  readonly id: string;
}

const OLDER = 0;
const YOUNGER = 1;

/**
 * Inserts the session in a slot into a tree.
 * @returns the new root.
 */
export function insert(rows: Rows, root: number, slot: number): number {
  return insertAt(rows, root, slot, placeOf(rows, slot));
}

export function remove(rows: Rows, root: number, slot: number): number {
  return removeAt(rows, root, slot, placeOf(rows, slot));
}

/**
 * Walks down a tree from the youngest session. Starts after the place, if one is given. Do not insert or remove
 * meanwhile.
 */
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

export function* youngestOfBoth(
  rows: Rows,
  [one, other]: readonly [root: number, other: number],
  after?: Place,
): Generator<number, void, undefined> {
  const trees = [youngestFirst(rows, one, after), youngestFirst(rows, other, after)] as const;
  let [first, second] = [trees[0].next().value, trees[1].next().value];
  while (first !== undefined || second !== undefined) {
    const isFirst = second === undefined || (first !== undefined && compare(rows, first, placeOf(rows, second)) > 0);
    yield (isFirst ? first : second) as number;
    if (isFirst) first = trees[0].next().value;
    else second = trees[1].next().value;
  }
}

const placeOf = (rows: Rows, slot: number): Place => ({ createdAt: rows.createdAt(slot), id: rows.idOf(slot) });

/**
 * Compares a session with a place. Negative if the session in the slot is older than the place, positive if it is
 * younger.
 */
function compare(rows: Rows, slot: number, { createdAt, id }: Place): number {
  const own = rows.createdAt(slot);
  if (own !== createdAt) return own - createdAt;
  const ownId = rows.idOf(slot);
  return ownId === id ? 0 : ownId < id ? -1 : 1;
}

/**
 * Returns the pseudo-random number of a slot. This is the finalizer of MurmurHash3, so no two slots have the same
 * number.
 */
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

/** Joins two trees. All sessions of the first tree must be older than those of the second. */
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
