import {
  type EpochRecord,
  type EpochRequest,
  type Epochs,
  formatEpoch,
  membershipOf,
  memberTag,
  type SessionRecord,
  type Tag,
  type VersionedEpoch,
} from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { Context } from '../context.ts';
import type { Keys } from '../keys.ts';
import { type EpochValue, epochOf, epochValueOf, keepLine } from '../rows/epoch.ts';
import { Call } from '../scripts/script.ts';
import { KEEP_RECORD } from '../scripts/verbs.ts';

export async function readEpochs(context: Context, tags: readonly Tag[]): Promise<readonly (VersionedEpoch | null)[]> {
  const [values] = await Promise.all([readValues(context, tags), context.readiness.role()]);
  return tags.map((tag) => {
    const value = values.get(tag);
    return value === undefined ? null : versioned(value);
  });
}

export async function ensureEpochs(
  context: Context,
  requests: readonly EpochRequest[],
  now: number,
): Promise<readonly VersionedEpoch[]> {
  const values = await readValues(
    context,
    requests.map(({ tag }) => tag),
  );
  const lacking = requests.filter(({ tag, keepUntil }) => !isKept(values.get(tag), keepUntil));
  if (lacking.length > 0) {
    const isOfMember = ({ tag }: EpochRequest): boolean => membershipOf(tag) !== null;
    const keepOne = async (request: EpochRequest): Promise<void> => {
      values.set(request.tag, await keep(context, request, now));
    };
    await Promise.all(lacking.filter((one) => !isOfMember(one)).map(keepOne));
    // Reads the memberships again. The user's record may be newer by now, and no membership must be older than it.
    const others = requests.filter((one) => isOfMember(one) && !lacking.includes(one));
    const [again] = await Promise.all([
      readValues(
        context,
        others.map(({ tag }) => tag),
      ),
      ...lacking.filter(isOfMember).map(keepOne),
    ]);
    for (const [tag, value] of again) values.set(tag, value);
  }
  return requests.map(({ tag }) => {
    const value = values.get(tag);
    if (value === undefined) throw new Error('a record is gone that was there a moment ago');
    return versioned(value);
  });
}

/** Reads the stored values of records. Records of one slot come from one snapshot. */
async function readValues({ server, keys }: Context, tags: readonly Tag[]): Promise<Map<Tag, EpochValue>> {
  const groups = new Map<Tag, Tag[]>();
  for (const tag of new Set(tags)) {
    const slot = server.isCluster ? (membershipOf(tag)?.user ?? tag) : '';
    groups.set(slot, [...(groups.get(slot) ?? []), tag]);
  }
  const found = new Map<Tag, EpochValue>();
  const read = async (group: readonly Tag[]): Promise<void> => {
    const values = await server.read(group.map((tag) => keys.record(tag)));
    for (const [at, tag] of group.entries()) {
      const value = values[at];
      if (value !== null && value !== undefined) found.set(tag, epochValueOf(value));
    }
  };
  await Promise.all([...groups.values()].map(read));
  return found;
}

async function keep(
  { server, keys, readiness, upkeep }: Context,
  { tag, create, version, keepUntil }: EpochRequest,
  now: number,
): Promise<EpochValue> {
  // Every other write needs a record, so this is the first write of a store.
  await readiness.mark();
  const call = new Call().key(keys.record(tag)).arg(now, version, keepLine(keepUntil), formatEpoch(create));
  const membership = membershipOf(tag);
  call.arg(membership?.account ?? '');
  if (membership !== null) call.key(keys.memberships(membership.user));
  const [isNew, value] = (await server.run(KEEP_RECORD, call)) as [unknown, string];
  if (Number(isNew) === 1) await upkeep.noteRecord(tag, keepUntil, now);
  return epochValueOf(value);
}

const versioned = ({ record, version }: EpochValue): VersionedEpoch => ({ record, version });

const isKept = (value: EpochValue | undefined, keepUntil: number | null): boolean =>
  value !== undefined && (value.keepUntil === null || (keepUntil !== null && value.keepUntil >= keepUntil));

export async function accountsOf(
  server: Server,
  keys: Keys,
  sessions: readonly SessionRecord[],
): Promise<(session: SessionRecord) => Pick<Epochs, 'account' | 'member'>> {
  const tags = sessions.flatMap(({ userTag, accountTag }) =>
    accountTag === null ? [] : [accountTag, memberTag(userTag, accountTag)],
  );
  const records = await recordsOf(server, keys, tags);
  return ({ userTag, accountTag }) => {
    if (accountTag === null) return { account: null, member: null };
    return { account: records.get(accountTag) ?? null, member: records.get(memberTag(userTag, accountTag)) ?? null };
  };
}

export async function recordsOf(
  server: Server,
  keys: Keys,
  tags: readonly Tag[],
): Promise<ReadonlyMap<Tag | null, EpochRecord | null>> {
  const wanted = [...new Set(tags)];
  const values = await server.readAnywhere(wanted.map((tag) => keys.record(tag)));
  return new Map(wanted.map((tag, at) => [tag, epochOf(values[at])]));
}
