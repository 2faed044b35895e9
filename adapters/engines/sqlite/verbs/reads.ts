import type { FoundSession, ListPage, SessionRef, Tag } from '../../../../src/adapter.ts';
import { matching, TOP, youngestFirst } from '../../sql/found.ts';
import { generationsOf } from '../../sql/generation.ts';
import { recordOf, sharedRecordOf } from '../../sql/session-rows.ts';
import type { Row } from '../../sql/values.ts';
import type { Context } from '../context.ts';
import { foundInRealm, listedIn } from '../rows.ts';

export const find = (
  { statements, epochs }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): readonly (FoundSession | null)[] =>
  refs.map((ref) => {
    const row = statements.find(realm, ref.id);
    return row === undefined ? null : matching(foundInRealm(epochs, row, realm), ref);
  });

export function list(
  { database, statements, epochs }: Context,
  realm: Tag,
  user: Tag,
  page: ListPage,
): { readonly found: readonly FoundSession[]; readonly more: boolean } {
  const { account = null, born, ended, now, after = TOP, limit } = page;
  const { list, listBorn, epoch } = statements;
  const generations = generationsOf(page);
  const anyAccount = page.account === undefined ? 1 : 0;
  const users = born === undefined ? null : JSON.stringify(born.user);
  const members = born?.member ? JSON.stringify(born.member) : null;
  const place = [after.createdAt, after.id];
  const read = (): readonly Row[] =>
    generations === null
      ? list(
          ...[user, ...place, anyAccount, account, ended ? 1 : 0, now],
          ...[users, users, members, members, limit + 1],
        )
      : generations.flatMap((one) => listBorn(user, one, now, account, ...place, limit + 1));
  const all = database.read(() => {
    const realmRecord = sharedRecordOf(epochs, epoch(realm)?.[0], realm);
    const userRecord = recordOf(epoch(user)?.[0]);
    return read().map((row) => listedIn(epochs, row, realmRecord, userRecord));
  });
  if (generations !== null && generations.length > 1) all.sort(youngestFirst);
  return { found: all.slice(0, limit), more: all.length > limit };
}
