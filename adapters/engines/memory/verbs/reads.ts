import { type FoundSession, isOverForGood, type ListPage, type SessionRef, type Tag } from '../../../../src/adapter.ts';
import type { Contents } from '../contents.ts';
import type { Rows } from '../rows/rows.ts';
import { youngestFirst, youngestOfBoth } from '../rows/timeline.ts';

export function find(contents: Contents, realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
  const realmRecord = contents.scopes.get(realm)?.record ?? null;
  return refs.map((ref) => {
    const slot = contents.slotOf(ref);
    return slot === undefined ? null : contents.found(slot, realmRecord);
  });
}

export function list(
  contents: Contents,
  realm: Tag,
  user: Tag,
  page: ListPage,
): { found: readonly FoundSession[]; more: boolean } {
  const { scopes, rows } = contents;
  const realmRecord = scopes.get(realm)?.record ?? null;
  const found: FoundSession[] = [];
  const scope = scopes.get(user);
  if (scope === undefined) return { found, more: false };
  const { root, aside } = scope;
  const gone: number[] = [];
  let more = false;
  const isNarrow = !page.ended && page.born !== undefined;
  const slots = isNarrow ? youngestFirst(rows, root, page.after) : youngestOfBoth(rows, [root, aside], page.after);
  for (const slot of slots) {
    const one = contents.found(slot, realmRecord);
    if (isNarrow && isOverForGood(one.session, one.epochs)) gone.push(slot);
    if (!isListed(rows, slot, page)) continue;
    more = found.length === page.limit;
    if (more) break;
    found.push(one);
  }
  for (const slot of gone) contents.setAside(slot);
  return { found, more };
}

function isListed(rows: Rows, slot: number, { account, born, ended, now }: ListPage): boolean {
  const { accountScope, stamps } = rows.groupOf(slot);
  if (account !== undefined && (accountScope?.tag ?? null) !== account) return false;
  if (born !== undefined && !born.user.includes(stamps.user)) return false;
  if (born?.member && !born.member.includes(stamps.member ?? '')) return false;
  return ended || rows.isOpen(slot, now);
}
